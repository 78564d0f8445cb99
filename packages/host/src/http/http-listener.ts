import type { IncomingMessage, RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { nodeServer, type TlsFiles } from '@overpost/auth'

export interface HttpListenerOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** How long a request may take to arrive. */
  readonly requestTimeoutMs: number
  /** Null: HTTP, and TLS ends at a proxy. */
  readonly tls: TlsFiles | null
}

export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** A bound HTTP server. Nothing is answered before {@link serve}. */
export interface HttpListener {
  /** Where it listens, as a URL. */
  readonly url: string
  /** Without an upgrade listener nothing is upgraded. Upgraded connections are their taker's, to close too. */
  serve(listener: RequestListener, upgrade?: UpgradeListener): void
  /** Takes no more connections, and resolves when the requests in hand are answered, after `mostMs` at the latest. */
  close(mostMs: number): Promise<void>
}

/** Longer than proxies keep idle connections, so that it is they who close them. */
const keepAliveMs = 75_000
const sweepMs = 50

/** @throws {Error} when the address cannot be bound, or the TLS files are no certificate with its key */
export async function listen({ host, port, requestTimeoutMs, tls }: HttpListenerOptions): Promise<HttpListener> {
  const options = {
    requestTimeout: requestTimeoutMs,
    headersTimeout: Math.min(requestTimeoutMs, 15_000),
    keepAliveTimeout: keepAliveMs,
  }
  const node = nodeServer(options, tls)
  const { scheme, server } = node
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      node[Symbol.dispose]()
      reject(error)
    })
    server.listen(port, host, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
  const bound = server.address() as AddressInfo
  const name = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address
  return {
    url: `${scheme}://${name}:${bound.port}`,
    serve(listener, upgrade) {
      server.on('request', listener)
      if (upgrade !== undefined) server.on('upgrade', upgrade)
    },
    async close(mostMs) {
      node[Symbol.dispose]()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      node.closeHandshakes()
      // A connection that was busy when the server closed is left open by its client until it is idle.
      const sweep = setInterval(() => server.closeIdleConnections(), sweepMs)
      const end = setTimeout(() => server.closeAllConnections(), mostMs)
      await closed
      clearInterval(sweep)
      clearTimeout(end)
    },
  }
}
