import type { HttpClient, HttpClientRequestOptions, HttpClientResponse } from '@bsv/sdk'

/** The SDK's HTTP client with what it lacks: an end (`timeoutMs`, body included), a bound on the answer, no redirects. */
export function limitedHttpClient({ timeoutMs, maxAnswerBytes, fetch: call = fetch }: HttpLimits): HttpClient {
  return {
    async request<T, D>(
      url: string,
      { method, headers, data }: HttpClientRequestOptions<D>,
    ): Promise<HttpClientResponse<T>> {
      const response = await call(url, {
        method: method ?? 'GET',
        ...(headers === undefined ? {} : { headers }),
        ...(data === undefined ? {} : { body: JSON.stringify(data) }),
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      })
      const text = await readText(response, maxAnswerBytes)
      const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
      const { ok, status, statusText } = response
      return { ok, status, statusText, data: isJson ? (JSON.parse(text) as T) : text } as HttpClientResponse<T>
    },
  }
}

export interface HttpLimits {
  readonly timeoutMs: number
  readonly maxAnswerBytes: number
  /** Default: Node's own. */
  readonly fetch?: typeof fetch
}

async function readText(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).length
    if (bytes > maxBytes)
      throw new Error(`the answer of ${new URL(response.url).origin} is larger than ${maxBytes} bytes`)
    chunks.push(chunk as Uint8Array)
  }
  return Buffer.concat(chunks).toString('utf8')
}
