import type Koa from 'koa'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The node's HTTP server: it binds before the node is built, since the node advertises its address, and drains at the end. */
export class OverlayServer {
  #handler: RequestListener = (_request, response) => {
    response.writeHead(503, { 'Retry-After': '1' }).end()
  }
  readonly #server = createServer({ requestTimeout: 60_000, headersTimeout: 10_000 }, (request, response) => {
    // A connection that was busy when the drain began is idle soon after its answer.
    response.once('close', () => setImmediate(() => this.#isDraining && this.#server.closeIdleConnections()))
    this.#handler(request, response)
  })
  #isDraining = false

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
        resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`)
      })
    })
  }

  serve(app: Koa): void {
    const handle = app.callback()
    this.#handler = (request, response) => void handle(request, response)
  }

  /** Takes no new connections; requests that run may finish within `withinMs`. */
  drain(withinMs: number): Promise<void> {
    this.#isDraining = true
    if (!this.#server.listening) return Promise.resolve()
    return new Promise((resolve) => {
      const cut = setTimeout(() => this.#server.closeAllConnections(), withinMs)
      this.#server.close(() => {
        clearTimeout(cut)
        resolve()
      })
      this.#server.closeIdleConnections()
    })
  }
}
