import { createHook } from 'node:async_hooks'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'

/** Counts every TCP connection that this process begins, whoever makes it and wherever to: Node makes one such object for each. */
export function countConnects(): Disposable & { readonly count: number } {
  let count = 0
  const hook = createHook({
    init(_id, type) {
      if (type === 'TCPCONNECTWRAP') count += 1
    },
  }).enable()
  return {
    get count() {
      return count
    },
    [Symbol.dispose]: () => void hook.disable(),
  }
}

/** Servers on one port of several loopback addresses, which count who comes, and hang up. */
export interface CountingListeners extends AsyncDisposable {
  readonly port: number
  readonly count: number
}

export async function countingListeners(): Promise<CountingListeners> {
  let count = 0
  const listen = async (address: string, port: number): Promise<Server> => {
    const server = createServer((socket) => {
      count += 1
      socket.destroy()
    })
    server.listen(port, address)
    await once(server, 'listening')
    return server
  }
  const first = await listen('127.0.0.1', 0)
  const { port } = first.address() as AddressInfo
  const servers = [first, await listen('127.0.0.2', port), await listen('::1', port)]
  return {
    port,
    get count() {
      return count
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
}
