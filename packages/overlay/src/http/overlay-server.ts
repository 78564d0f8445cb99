import { nodeServer, type NodeServer, type TlsFiles } from '@overpost/auth'
import type Koa from 'koa'
import type { RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface OverlayServerOptions {
  /** Null: HTTP, and TLS ends at a proxy. */
  readonly tls: TlsFiles | null
  /** Whether the last address in X-Forwarded-For is the caller's. */
  readonly trustProxy: boolean
}

/** The node's HTTP or HTTPS server: it binds before the node is built, since the node advertises its address, and drains at the end. */
export class OverlayServer {
  #handler: RequestListener = (_request, response) => {
    response.writeHead(503, { 'Retry-After': '1' }).end()
  }
  readonly #node: NodeServer
  readonly #server: Server
  readonly #trustProxy: boolean
  #isDraining = false

  /** @throws {Error} when the TLS files are no certificate with its key */
  constructor({ tls, trustProxy }: OverlayServerOptions) {
    this.#node = nodeServer({ requestTimeout: 60_000, headersTimeout: 10_000 }, tls, (request, response) => {
      // A connection that was busy when the drain began is idle soon after its answer.
      response.once('close', () => setImmediate(() => this.#isDraining && this.#server.closeIdleConnections()))
      this.#handler(request, response)
    })
    this.#server = this.#node.server
    this.#trustProxy = trustProxy
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  /** @returns the address as a URL */
  listen({ host, port }: { host: string; port: number }): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject)
        const { address, family, port: bound } = this.#server.address() as AddressInfo
        resolve(`${this.#node.scheme}://${family === 'IPv6' ? `[${address}]` : address}:${bound}`)
      })
    })
  }

  serve(app: Koa): void {
    // The address that the nearest proxy saw is the last in the header; those before it are whatever the caller wrote.
    app.proxy = this.#trustProxy
    app.maxIpsCount = 1
    const handle = app.callback()
    this.#handler = (request, response) => void handle(request, response)
  }

  /** Takes no new connections; requests that run may finish within `withinMs`. */
  drain(withinMs: number): Promise<void> {
    this.#isDraining = true
    this.#node[Symbol.dispose]()
    if (!this.#server.listening) return Promise.resolve()
    return new Promise((resolve) => {
      const cut = setTimeout(() => this.#server.closeAllConnections(), withinMs)
      this.#server.close(() => {
        clearTimeout(cut)
        resolve()
      })
      this.#node.closeHandshakes()
      this.#server.closeIdleConnections()
    })
  }
}
