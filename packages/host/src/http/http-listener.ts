import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Server as NetServer, type AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { nodeServer, type TlsFiles } from '@overpost/auth'
import { Roster } from './roster.ts'

export interface HttpListenerOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** A socket that listens already, in place of both. It stays open when this process ends, and callers wait in its queue. */
  readonly fd?: number | undefined
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
/** A connection that was used within this time is likely to be used again at once. */
const restMs = 100

/** @throws {Error} when the address cannot be bound, there is no such socket, or the TLS files are no certificate with its key */
export async function listen({ host, port, fd, requestTimeoutMs, tls }: HttpListenerOptions): Promise<HttpListener> {
  const options = {
    requestTimeout: requestTimeoutMs,
    headersTimeout: Math.min(requestTimeoutMs, 15_000),
    keepAliveTimeout: keepAliveMs,
  }
  const node = nodeServer(options, tls)
  const { scheme, server } = node
  const inHand = new Roster<ServerResponse>()
  let isDraining = false
  let answeredAtMs = -Infinity
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      node[Symbol.dispose]()
      reject(error)
    })
    server.listen(fd === undefined ? { port, host } : { fd }, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
  const bound = server.address() as AddressInfo
  const name = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address
  return {
    url: `${scheme}://${name}:${bound.port}`,
    serve(listener, upgrade) {
      if (upgrade !== undefined) server.on('upgrade', upgrade)
      server.on('request', (request, response) => {
        if (isDraining) response.setHeader('connection', 'close')
        const answered = inHand.add(response)
        response.once('close', () => {
          answered()
          answeredAtMs = performance.now()
        })
        listener(request, response)
      })
    },
    async close(mostMs) {
      node[Symbol.dispose]()
      // Takes no more connections, and leaves those that are there: `Server.close` of HTTP would end the idle ones at once.
      const closed = new Promise<void>((resolve) => void NetServer.prototype.close.call(server, () => resolve()))
      isDraining = true
      for (const response of inHand) if (!response.headersSent) response.setHeader('connection', 'close')
      node.closeHandshakes()
      // Who asks again at once is told with the answer to go elsewhere, and not cut off while it asks.
      const graceMs = Math.max(0, answeredAtMs + restMs - performance.now())
      const end = setTimeout(() => server.closeAllConnections(), mostMs)
      await Promise.race([closed, sleep(inHand.size > 0 ? restMs : graceMs)])
      // On a busy machine a timer is late, and what came meanwhile is still to be read: only after that is a connection idle.
      await setImmediate()
      // A connection that was busy then is left open by its client until it is idle.
      const sweep = setInterval(() => void setImmediate().then(() => server.closeIdleConnections()), sweepMs)
      server.close()
      await closed
      clearInterval(sweep)
      clearTimeout(end)
    },
  }
}
