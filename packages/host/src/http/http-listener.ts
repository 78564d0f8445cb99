import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HttpListenerOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** How long a request may take to arrive. */
  readonly requestTimeoutMs: number
}

/** A bound HTTP server. Nothing is answered before {@link serve}. */
export interface HttpListener {
  /** Where it listens, as a URL. */
  readonly url: string
  serve(listener: RequestListener): void
  /** Takes no more connections, and resolves when the requests in hand are answered, after `mostMs` at the latest. */
  close(mostMs: number): Promise<void>
}

/** Longer than proxies keep idle connections, so that it is they who close them. */
const keepAliveMs = 75_000
const sweepMs = 50

/** @throws {Error} when the address cannot be bound */
export async function listen({ host, port, requestTimeoutMs }: HttpListenerOptions): Promise<HttpListener> {
  const server = createServer({
    requestTimeout: requestTimeoutMs,
    headersTimeout: Math.min(requestTimeoutMs, 15_000),
    keepAliveTimeout: keepAliveMs,
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const bound = server.address() as AddressInfo
  const name = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address
  return {
    url: `http://${name}:${bound.port}`,
    serve: (listener) => void server.on('request', listener),
    async close(mostMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      // A connection that was busy when the server closed is left open by its client until it is idle.
      const sweep = setInterval(() => server.closeIdleConnections(), sweepMs)
      const end = setTimeout(() => server.closeAllConnections(), mostMs)
      await closed
      clearInterval(sweep)
      clearTimeout(end)
    },
  }
}
