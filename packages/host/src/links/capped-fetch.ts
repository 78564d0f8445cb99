export interface CappedRequest {
  readonly method: 'GET' | 'POST'
  readonly headers: Record<string, string>
  readonly body?: string | Uint8Array
  readonly signal: AbortSignal
  readonly maxAnswerBytes: number
  /** Default: Node's own. */
  readonly fetch?: typeof fetch | undefined
}

export interface CappedAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: Uint8Array
}

/**
 * One HTTP call to a service that the operator chose, with a bound on the answer; redirects are refused. Rejects for anything
 * that gives no whole answer within the bounds, and when `signal` aborts.
 */
export async function cappedFetch(url: string, request: CappedRequest): Promise<CappedAnswer> {
  const { method, headers, body, signal, maxAnswerBytes, fetch: call = fetch } = request
  const answer = await call(url, {
    method,
    headers,
    signal,
    redirect: 'error',
    ...(body === undefined ? {} : { body }),
  })
  return {
    status: answer.status,
    contentType: answer.headers.get('content-type') ?? '',
    body: await readCapped(answer, maxAnswerBytes),
  }
}

async function readCapped(answer: Response, maxBytes: number): Promise<Uint8Array> {
  if (answer.body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let bytes = 0
  // Leaving the loop early cancels the stream, and so the connection.
  for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
}
