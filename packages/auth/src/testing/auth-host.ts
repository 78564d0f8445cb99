import { once } from 'node:events'
import { Agent, createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import Koa from 'koa'
import { requestPayload, sortHeaders, type SignedHeader } from '../auth-payload.ts'
import { messageKey } from '../auth-protocol.ts'
import { crossOrigin } from '../cross-origin.ts'
import { IdentityWallet } from '../identity-wallet.ts'
import { MutualAuth, type MutualAuthOptions, type PeerState } from '../mutual-auth.ts'
import { readRawBody } from '../raw-body.ts'
import { renderError } from '../render-error.ts'
import type { SessionStateStore } from '../session-state.ts'

export const hostKeyHex = '22'.repeat(32)
export const aliceKeyHex = '11'.repeat(32)
export const bobKeyHex = '33'.repeat(32)

/** Keeps the state of one stop, as a database would. */
export class MemorySessionStore implements SessionStateStore {
  saved: Uint8Array | null = null

  take(): Promise<Uint8Array | null> {
    const saved = this.saved
    this.saved = null
    return Promise.resolve(saved)
  }

  save(state: Uint8Array): Promise<void> {
    this.saved = Uint8Array.from(state)
    return Promise.resolve()
  }
}

/** Time that moves when told. */
export class ManualClock {
  ms = 1_000_000

  monotonicMs(): number {
    return this.ms
  }
}

export interface AuthHost extends AsyncDisposable {
  readonly origin: string
  readonly auth: MutualAuth
  readonly clock: ManualClock
  /** Stops cleanly or as by a crash, and starts again on the same port. */
  restart(how: 'clean' | 'crash'): Promise<void>
}

/** A host with one route, `handle`, behind mutual authentication, on a free port of the loopback. */
export async function startAuthHost(
  handle: Koa.Middleware<PeerState> = echo,
  options: Partial<MutualAuthOptions> & { limitBytes?: number; timeoutMs?: number } = {},
): Promise<AuthHost> {
  const sessions = new MemorySessionStore()
  const clock = new ManualClock()
  const wallet = new IdentityWallet(hostKeyHex)
  const { limitBytes = 1_000_000, timeoutMs = 5_000, ...own } = options
  const make = async () => {
    const auth = new MutualAuth({ wallet, sessions, clock, ...own })
    await auth.start()
    const app = new Koa()
    app.silent = true
    app.use(crossOrigin())
    app.use(async (ctx, next) => {
      try {
        await next()
      } catch (error) {
        renderError(ctx, error)
      }
    })
    app.use(readRawBody({ limitBytes, timeoutMs }))
    app.use(auth.middleware())
    app.use(handle)
    return { auth, handler: app.callback() }
  }
  let { auth, handler } = await make()
  const server = createServer((request, response) => void handler(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clock,
    get auth() {
      return auth
    },
    async restart(how) {
      if (how === 'clean') await auth.stop()
      ;({ auth, handler } = await make())
    },
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** Says who called, and what came. */
export const echo: Koa.Middleware<PeerState> = (ctx) => {
  ctx.body = { peer: ctx.state.peer.identityKey, url: ctx.originalUrl, body: ctx.state.rawBody.toString('utf8') }
}

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface RawRequest {
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: Uint8Array
}

/** Sends exactly this, over a connection of its own. `chunked`: without a content length. */
export function sendRaw(
  origin: string,
  { method, path, headers, body }: RawRequest,
  chunked = false,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const length = chunked || (body.length === 0 && method === 'GET') ? {} : { 'content-length': String(body.length) }
    const request = httpRequest(
      origin,
      { method, path, headers: { ...headers, ...length }, agent: false },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        )
      },
    )
    request.on('error', reject)
    if (chunked && body.length > 1) request.write(body.subarray(0, 1))
    request.end(chunked && body.length > 1 ? body.subarray(1) : body)
  })
}

export interface RawSession {
  readonly wallet: IdentityWallet
  readonly nonce: string
  readonly hostKey: string
  readonly hostNonce: string
}

/** Shakes hands by hand. `fields` replace those of the handshake. */
export async function openSession(origin: string, keyHex: string, fields: object = {}): Promise<RawSession> {
  const wallet = new IdentityWallet(keyHex)
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(48))).toString('base64')
  const message = {
    version: '0.1',
    messageType: 'initialRequest',
    identityKey: wallet.identityKey,
    initialNonce: nonce,
  }
  const answer = await shakeHands(origin, { ...message, ...fields })
  if (answer.status !== 200) throw new Error(`handshake: ${answer.status} ${answer.body}`)
  const { identityKey, initialNonce, yourNonce } = JSON.parse(answer.body) as Record<string, string>
  return { wallet, nonce: yourNonce ?? '', hostKey: identityKey ?? '', hostNonce: initialNonce ?? '' }
}

export function shakeHands(origin: string, message: unknown): Promise<RawAnswer> {
  const body = Buffer.from(typeof message === 'string' ? message : JSON.stringify(message))
  const headers = { 'content-type': 'application/json' }
  return sendRaw(origin, { method: 'POST', path: '/.well-known/auth', headers, body })
}

export interface RawCall {
  readonly method?: string
  readonly path?: string
  /** Sent; `signed` says what is signed where that differs. */
  readonly headers?: Record<string, string>
  readonly body?: string
  readonly signed?: { path?: string; headers?: SignedHeader[]; body?: string }
  readonly nonce?: string
}

/** A signed request as bytes to send, now or again. */
export function signRaw({ wallet, hostKey, hostNonce }: RawSession, call: RawCall): RawRequest {
  const { method = 'POST', path = '/echo', headers = { 'content-type': 'application/json' }, body = '' } = call
  const [signedPath = '', search] = (call.signed?.path ?? path).split('?')
  const requestId = crypto.getRandomValues(new Uint8Array(32))
  const nonce = call.nonce ?? Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64')
  const payload = requestPayload({
    requestId,
    method,
    path: signedPath,
    search: search === undefined ? '' : `?${search}`,
    headers: call.signed?.headers ?? sortHeaders(Object.entries(headers)),
    body: Buffer.from(call.signed?.body ?? body),
  })
  return {
    method,
    path,
    headers: {
      ...headers,
      'x-bsv-auth-version': '0.1',
      'x-bsv-auth-identity-key': wallet.identityKey,
      'x-bsv-auth-nonce': nonce,
      'x-bsv-auth-your-nonce': hostNonce,
      'x-bsv-auth-request-id': Buffer.from(requestId).toString('base64'),
      'x-bsv-auth-signature': Buffer.from(wallet.signFor(hostKey, messageKey(nonce, hostNonce), payload)).toString(
        'hex',
      ),
    },
    body: Buffer.from(body),
  }
}

/** Sends many requests over few connections; only statuses come back. */
export function keepAliveSender(origin: string): { send(request: RawRequest): Promise<number>; close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  return {
    send: ({ method, path, headers, body }) =>
      new Promise((resolve, reject) => {
        const all = { ...headers, 'content-length': String(body.length) }
        const request = httpRequest(origin, { method, path, headers: all, agent }, (response) => {
          response.resume()
          response.on('end', () => resolve(response.statusCode ?? 0))
        })
        request.on('error', reject)
        request.end(body)
      }),
    close: () => agent.destroy(),
  }
}

/** Bytes in use once everything that can be collected is. */
export async function settledHeapBytes(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let round = 0; round < 5; round++) {
    await new Promise((resolve) => setImmediate(resolve))
    collect()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
