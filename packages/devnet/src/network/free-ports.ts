import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/** Below the ports that systems give to outgoing connections, so that none of those takes one before its process starts. */
const lowest = 20_000
const highest = 32_767
const mostTries = 200

/** Ports of 127.0.0.1 that were free a moment ago, all different: for processes that must know their address before they start. */
export async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>()
  for (let tries = 0; held.size < count && tries < count + mostTries; tries += 1) {
    const port = randomInt(lowest, highest + 1)
    const server = held.has(port) ? null : await listen(port)
    if (server !== null) held.set(port, server)
  }
  await Promise.all([...held.values()].map((server) => once(server.close(), 'close')))
  if (held.size < count) throw new Error(`no ${count} free ports between ${lowest} and ${highest}`)
  return [...held.keys()]
}

/** Null when the port is taken. */
function listen(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(null)).listen(port, '127.0.0.1', () => resolve(server))
  })
}
