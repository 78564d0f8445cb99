import { nodeTransport } from './node-transport.ts'
import type { Transport } from './transport.ts'

/** The way out to services that the operator chose, at any address. */
export interface ServiceFetch {
  readonly fetch: typeof fetch
  close(): void
}

const serviceBounds = { mostMs: 10 * 60 * 1000, maxAnswerBytes: 64 * 1024 * 1024 }

/** Node's own `fetch`, but for a private authority (PEM), which that cannot be told of. */
export function serviceFetch(ca: string | undefined): ServiceFetch {
  if (ca === undefined) return { fetch: (input, init) => fetch(input, init), close: () => undefined }
  const transport = nodeTransport({ ca })
  return { fetch: fetchOver(transport, serviceBounds), close: () => transport.close() }
}

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
