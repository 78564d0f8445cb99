import { AnswerTooLarge, type Transport } from './transport.ts'

/** A {@link Transport} on `fetch`, for browsers. The bytes counted are those after decompression. */
export function fetchTransport(fetchLike: typeof fetch = (input, init) => fetch(input, init)): Transport {
  return async ({ method, url, headers, body, signal, maxAnswerBytes }) => {
    const response = await fetchLike(url, {
      method,
      headers,
      signal,
      redirect: 'error',
      credentials: 'omit',
      ...(body === null ? {} : { body: body as Uint8Array<ArrayBuffer> }),
    })
    const chunks: Uint8Array[] = []
    let length = 0
    // Leaving the loop cancels the stream, and with it the request.
    for await (const chunk of chunksOf(response)) {
      length += chunk.length
      if (length > maxAnswerBytes) throw new AnswerTooLarge(maxAnswerBytes)
      chunks.push(chunk)
    }
    return { status: response.status, headers: Object.fromEntries(response.headers), body: join(chunks, length) }
  }
}

/** Not every browser can iterate a stream itself. */
async function* chunksOf(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body === null) return
  const reader = response.body.getReader()
  try {
    for (;;) {
      const { value } = (await reader.read()) as { value?: Uint8Array }
      if (value === undefined) return
      yield value
    }
  } finally {
    await reader.cancel()
  }
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1 && chunks[0] !== undefined) return chunks[0]
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
