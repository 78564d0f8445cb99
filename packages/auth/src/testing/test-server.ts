import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { testAuthority } from './certificates.ts'

/** An HTTPS server with a certificate of an authority of its own. */
export interface TestServer extends AsyncDisposable {
  readonly port: number
  /** The authority's certificate, PEM. */
  readonly ca: string
  /** Connections that came so far, those without a handshake included. */
  readonly connections: number
  readonly requests: number
  /** The names that clients asked for by SNI, `false` for none. */
  readonly serverNames: readonly (string | false)[]
  hangUp(): void
  /** Resolves when no connection is open, and what the clients' sockets have to say of it is said. */
  idle(): Promise<void>
}

export async function testServer(
  listener: RequestListener,
  { names, address = '127.0.0.1', port = 0 }: { names: readonly string[]; address?: string; port?: number },
): Promise<TestServer> {
  await using authority = await testAuthority()
  const { cert, key } = await authority.issue(...names)
  const server = createServer({ cert: await readFile(cert), key: await readFile(key) }, listener)
  const open = new Set<Socket>()
  const serverNames: (string | false)[] = []
  let connections = 0
  let requests = 0
  server.on('connection', (socket: Socket) => {
    connections += 1
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  server.on('secureConnection', (socket: TLSSocket) => {
    serverNames.push((socket as TLSSocket & { servername: string | false }).servername)
  })
  server.on('tlsClientError', () => undefined)
  server.on('request', () => (requests += 1))
  server.listen(port, address)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    ca: authority.ca,
    serverNames,
    get connections() {
      return connections
    },
    get requests() {
      return requests
    },
    hangUp: () => {
      for (const socket of open) socket.destroy()
    },
    async idle() {
      await Promise.all([...open].map((socket) => once(socket, 'close')))
      // A turn for the client's end, in this process too.
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    },
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      if (server.listening) await once(server, 'close')
    },
  }
}
