import { randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as z from 'zod'
import { readNetworkFile, type HostState, type NetworkFile } from './network-state.ts'

/** A starter's own door on loopback, by which another process has it restart a host: so the host stays the starter's child. */
export interface Control extends AsyncDisposable {
  readonly url: string
  readonly token: string
}

const restartWithinMs = 60_000
const aliveWithinMs = 2000
const answerSchema = z.union([
  z.object({ name: z.string(), url: z.string(), identityKey: z.string(), pid: z.number(), dir: z.string() }),
  z.object({ error: z.string() }),
])

/** Opens the door. `restart` rejects for a name that it does not know, or a host that does not come up. */
export async function openControl(restart: (name: string) => Promise<HostState>): Promise<Control> {
  const token = randomBytes(24).toString('hex')
  const server = createServer((request, response) => {
    void answer(request, response, token, restart)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, token, [Symbol.asyncDispose]: () => close(server) }
}

/**
 * `overpost network restart NAME --dir DIR`: asks the starter of the network in `dir` for it, and waits until the host is
 * ready again: same port, key and store. @throws {Error} no network there, no such host, or it does not come up.
 */
export async function restartHost(dir: string, name: string): Promise<HostState> {
  const { starter } = readNetworkFile(dir)
  let response: Response
  try {
    response = await fetch(`${starter.url}/restart/${encodeURIComponent(name)}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${starter.token}` },
      signal: AbortSignal.timeout(restartWithinMs),
    })
  } catch (cause) {
    throw new Error(`the starter of the network in ${dir} (pid ${starter.pid}) does not answer`, { cause })
  }
  const answered = answerSchema.safeParse(await response.json())
  if (!answered.success) throw new Error(`what answers at ${starter.url} is not the starter of a network`)
  if ('error' in answered.data) throw new Error(answered.data.error)
  return answered.data
}

/** Whether the network of this file still runs: its starter answers, and knows the token. */
export async function isAlive({ starter }: NetworkFile): Promise<boolean> {
  try {
    const headers = { authorization: `Bearer ${starter.token}` }
    const response = await fetch(starter.url, { headers, signal: AbortSignal.timeout(aliveWithinMs) })
    await response.arrayBuffer()
    return response.status === 404
  } catch {
    return false
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  token: string,
  restart: (name: string) => Promise<HostState>,
): Promise<void> {
  const name = /^\/restart\/([^/]+)$/.exec(request.url ?? '')?.[1]
  const [status, body] = !isAllowed(request.headers.authorization, token)
    ? [401, { error: 'the token of network.json is wanted' }]
    : request.method !== 'POST' || name === undefined
      ? [404, { error: 'there is only POST /restart/NAME' }]
      : await restart(decodeURIComponent(name)).then(
          (host) => [200, host] as const,
          (error: unknown) => [500, { error: error instanceof Error ? error.message : 'it failed' }] as const,
        )
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function isAllowed(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? '')
  const wanted = Buffer.from(`Bearer ${token}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await once(server.close(), 'close')
}
