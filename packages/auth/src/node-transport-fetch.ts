import type { Transport } from './transport.ts'

/**
 * A `fetch` that goes out by `transport`, for clients of the SDK, which take one: guarded, or with a private authority, as
 * the transport is. Redirects are refused, and each call ends within `mostMs` whatever its own signal allows.
 */
export function fetchOver(
  transport: Transport,
  { mostMs, maxAnswerBytes }: { readonly mostMs: number; readonly maxAnswerBytes: number },
): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init)
    const { method, url } = request
    const body = request.body === null ? null : new Uint8Array(await request.arrayBuffer())
    const answer = await transport({
      method,
      url,
      headers: Object.fromEntries(request.headers),
      body,
      signal: AbortSignal.any([request.signal, AbortSignal.timeout(mostMs)]),
      maxAnswerBytes,
    })
    const { status } = answer
    if (redirects.has(status)) throw new TypeError(`${new URL(url).origin} answers with a redirect`)
    const response = new Response(bodiless.has(status) ? null : (answer.body as Uint8Array<ArrayBuffer>), {
      status,
      headers: answer.headers,
    })
    return Object.defineProperty(response, 'url', { value: url })
  }
}

const redirects = new Set([301, 302, 303, 307, 308])
/** `Response` takes no body with these. */
const bodiless = new Set([204, 205, 304])
