import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Stands where untrue adverts lead, and counts who comes. */
export class TrapHost implements AsyncDisposable {
  readonly url: string
  connections = 0
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  static async start(): Promise<TrapHost> {
    const server = createServer((_, response) => response.writeHead(500).end())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const trap = new TrapHost(server)
    server.on('connection', () => (trap.connections += 1))
    return trap
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await once(this.#server.close(), 'close')
  }
}
