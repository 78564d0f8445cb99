import { createServer, type AddressInfo } from 'node:net'

/** A port of 127.0.0.1 that nothing listened on a moment ago: for a node that is to come back where it was. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
