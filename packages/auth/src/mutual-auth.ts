import { randomBytes, randomFillSync } from 'node:crypto'
import { bytesToHex, RelayError, type IdentityKey, type SignedRequest } from '@overpost/protocol'
import type { Context, Middleware } from 'koa'
import { answerBody } from './answer-body.ts'
import { isSignedHeader, responseHead, sortHeaders, type SignedHeader } from './auth-payload.ts'
import { authPath, authVersion, messageKey } from './auth-protocol.ts'
import { ConnectionAuth } from './connection-auth.ts'
import { sha256, sha256OfBoth } from './curve.ts'
import { parseHandshake, type Handshake } from './handshake.ts'
import type { IdentityWallet } from './identity-wallet.ts'
import { LruCache } from './lru-cache.ts'
import type { RawBodyState } from './raw-body.ts'
import { renderError } from './render-error.ts'
import { sessionSealer, type OpenedSession, type SessionSealer } from './session-nonce.ts'
import { decodeSessionState, encodeSessionState, newSessionState } from './session-state.ts'
import type { SessionState, SessionStateStore } from './session-state.ts'
import { payloadCandidates, readClaim, requestTarget, type AuthClaim } from './signed-request.ts'

export interface MutualAuthLimits {
  /** Sessions live days, since some clients never shake hands a second time. Default 7 days. */
  readonly sessionLifetimeMs: number
  /** Remembered calls of one identity; one more ends its sessions so far. Default 100,000. */
  readonly replayCallsPerIdentity: number
  /** Memory for the calls of all identities, 12 to 24 bytes each. Default 64 MiB. */
  readonly replayBytes: number
}

export interface MutualAuthOptions {
  readonly wallet: IdentityWallet
  readonly sessions: SessionStateStore
  /** Milliseconds that never go back; only differences count. */
  readonly clock?: { monotonicMs(): number }
  readonly limits?: Partial<MutualAuthLimits>
  /** Turns what a handler threw into an answer on `ctx`, which is then signed. Default: code and description of a RelayError. */
  readonly onError?: (ctx: Context, error: unknown) => void
  /** Told of every verified request, before its handler runs. */
  readonly heardFrom?: (identityKey: IdentityKey) => void
}

/** What the handlers behind {@link MutualAuth} find in `ctx.state`. */
export interface PeerState extends RawBodyState {
  peer: Peer
}

/** Who made a request. */
export interface Peer {
  readonly identityKey: IdentityKey
  /** The request as its caller signed it, byte for byte, for whoever must show it to others (BRC-104). */
  readonly signedRequest: () => SignedRequest
}

interface Running extends SessionState {
  readonly sealer: SessionSealer
  readonly startedAtMs: number
  /** Sessions in which calls were verified lately, by the host's nonce, to save the opening. No call depends on it. */
  readonly opened: LruCache<string, { readonly client: IdentityKey; readonly session: OpenedSession }>
}

/** What shows who made a call. */
export type CallProof = Pick<AuthClaim, 'identityKey' | 'nonce' | 'sessionNonce' | 'signature'>

/** A call whose maker is known. */
export interface VerifiedCall {
  readonly identityKey: IdentityKey
  /** The session's, of the caller's making: answers are signed for it. */
  readonly clientNonce: string
  /** What was signed. */
  readonly payload: Uint8Array
}

/** One object beside the other: to put them together costs as much as ten look-ups. */
interface AuthenticCall {
  readonly claim: AuthClaim
  readonly verified: VerifiedCall
}

/** Longer handshakes are not parsed: an honest one has about 300 bytes, with certificates wanted a few thousand. */
const longestHandshakeBytes = 65_536
const openedSessions = 10_000
const defaultLimits: MutualAuthLimits = {
  sessionLifetimeMs: 7 * 24 * 3600 * 1000,
  replayCallsPerIdentity: 100_000,
  replayBytes: 64 * 1024 * 1024,
}

/**
 * The host's side of BRC-103/104 over HTTP. A request that fails leaves nothing behind and gets 401 without authentication
 * headers; one that is verified has its answer signed in its own session, whatever else its sender does meanwhile.
 * Sessions need no memory: the host's nonce carries what it must know (docs/decisions/0002-sealed-sessions.md).
 */
export class MutualAuth {
  readonly #wallet: IdentityWallet
  readonly #sessions: SessionStateStore
  readonly #monotonicMs: () => number
  readonly #limits: MutualAuthLimits
  readonly #renderError: (ctx: Context, error: unknown) => void
  readonly #heardFrom: (identityKey: IdentityKey) => void
  readonly #random = Buffer.alloc(32 * 128)
  #randomAt = this.#random.length
  #running: Running | null = null

  constructor({ wallet, sessions, clock = performanceClock, limits, onError, heardFrom }: MutualAuthOptions) {
    this.#wallet = wallet
    this.#sessions = sessions
    this.#monotonicMs = () => clock.monotonicMs()
    this.#limits = { ...defaultLimits, ...limits }
    this.#renderError = onError ?? renderError
    this.#heardFrom = heardFrom ?? (() => undefined)
  }

  /** Takes the state of the last clean stop, or begins a new epoch, in which no older session holds. Call before serving. */
  async start(): Promise<void> {
    const limits = {
      sessionLifetimeS: Math.ceil(this.#limits.sessionLifetimeMs / 1000),
      callsPerIdentity: this.#limits.replayCallsPerIdentity,
      bytes: this.#limits.replayBytes,
    }
    const saved = await this.#sessions.take()
    const state = (saved && decodeSessionState(saved, limits)) ?? newSessionState(limits)
    const sealer = sessionSealer(this.#wallet.deriveSecret('overpost session nonce', state.epoch))
    this.#running = { ...state, sealer, startedAtMs: this.#monotonicMs(), opened: new LruCache(openedSessions) }
  }

  /** Refuses whatever comes from now on, and saves the state for the next start. Does nothing when it has stopped already. */
  async stop(): Promise<void> {
    const running = this.#running
    if (running === null) return
    this.#running = null
    await this.#sessions.save(encodeSessionState({ ...running, elapsedS: this.#nowS(running) }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** The memory that the replay window takes, in bytes, and the identities in it. */
  get usage(): { replayBytes: number; identities: number } {
    const window = this.#running?.window
    return { replayBytes: window?.bytes ?? 0, identities: window?.identities ?? 0 }
  }

  /**
   * Answers `POST /.well-known/auth`, and lets only authentic calls pass, with `ctx.state.peer` set. Needs `readRawBody`
   * before it, and nothing after it that changes the answer's body or its `x-bsv-*` headers, compression excepted.
   * @throws {RelayError} ERR_UNAVAILABLE before start and after stop
   */
  middleware(): Middleware<PeerState> {
    return async (ctx, next) => {
      const running = this.#running
      if (running === null) throw new RelayError('ERR_UNAVAILABLE')
      const { path, search } = requestTarget(ctx.req.url ?? '/')
      if (path === authPath) {
        this.#shakeHands(running, ctx)
        return
      }
      const call = this.#authenticate(running, ctx, { path, search })
      if (typeof call === 'string') {
        refuse(ctx, call)
        return
      }
      const { identityKey } = call.verified
      ctx.state.peer = { identityKey, signedRequest: () => signedRequest(call) }
      this.#heardFrom(identityKey)
      let body: string | Buffer
      try {
        await next()
        body = await answerBody(ctx)
      } catch (error) {
        this.#renderError(ctx, error)
        body = await answerBody(ctx)
      }
      this.#signAnswer(ctx, call, body)
    }
  }

  /** Authentication on one connection (BRC-103 over a socket), whose sessions are good on no other, and not over HTTP. */
  connection(): ConnectionAuth {
    return new ConnectionAuth({
      connection: randomBytes(16).toString('hex'),
      shakeHands: (handshake, connection) =>
        this.#running === null ? stopped : this.#answerHandshake(this.#running, handshake, connection),
      verify: (proof, connection, payload) =>
        this.#running === null ? stopped : this.#verify(this.#running, proof, connection, [payload]),
      sign: (to, payload) => {
        const nonce = this.#freshNonce()
        const signature = this.#wallet.signFor(to.identityKey, messageKey(nonce, to.clientNonce), payload)
        const from = { version: authVersion, messageType: 'general', identityKey: this.#wallet.identityKey }
        return {
          ...from,
          nonce,
          yourNonce: to.clientNonce,
          payload: Array.from(payload),
          signature: Array.from(signature),
        }
      },
    })
  }

  /** Host time in whole seconds since this epoch began. */
  #nowS({ elapsedS, startedAtMs }: Running): number {
    return elapsedS + Math.floor((this.#monotonicMs() - startedAtMs) / 1000)
  }

  /** Anybody may ask for a session in anybody's name: it is of use to that identity alone, and nothing is kept of it. */
  #shakeHands(running: Running, ctx: Context & { state: RawBodyState }): void {
    if (ctx.req.method !== 'POST') {
      refuse(ctx, 'A handshake is a POST.')
      return
    }
    const handshake = readHandshake(ctx.state.rawBody)
    const answer = typeof handshake === 'string' ? handshake : this.#answerHandshake(running, handshake, '')
    if (typeof answer === 'string') {
      refuse(ctx, answer)
      return
    }
    ctx.status = 200
    ctx.type = 'application/json'
    // A string has a known length, and Koa says it: some clients need content-length here.
    ctx.body = JSON.stringify(answer)
  }

  /** The answer; or why there is none, as text. */
  #answerHandshake(running: Running, handshake: Handshake, connection: string): object | string {
    const { identityKey, nonce, nonceBytes } = handshake
    const beganAtS = Math.max(this.#nowS(running), running.window.beganAtLeastS(identityKey))
    const sessionNonce = running.sealer.seal(identityKey, nonceBytes, beganAtS, connection)
    const signed = Buffer.concat([nonceBytes, Buffer.from(sessionNonce, 'base64')])
    let signature: Uint8Array
    try {
      signature = this.#wallet.signFor(identityKey, messageKey(nonce, sessionNonce), signed, { remember: false })
    } catch {
      return 'The identity key is not on the curve.'
    }
    return {
      version: authVersion,
      messageType: 'initialResponse',
      identityKey: this.#wallet.identityKey,
      initialNonce: sessionNonce,
      yourNonce: nonce,
      requestedCertificates: { certifiers: [], types: {} },
      signature: Array.from(signature),
    }
  }

  #authenticate(
    running: Running,
    ctx: Context & { state: RawBodyState },
    target: { path: string; search: string },
  ): AuthenticCall | string {
    const claim = readClaim(ctx.req.headers)
    if (typeof claim === 'string') return claim
    const payloads = payloadCandidates(ctx.req, target, claim.requestId, ctx.state.rawBody)
    const verified = this.#verify(running, claim, '', payloads)
    return typeof verified === 'string' ? verified : { claim, verified }
  }

  /**
   * The call when every check passes, else what is wrong. `payloads` are what the caller may have signed. The replay window
   * changes last, and only then.
   */
  #verify(
    running: Running,
    { identityKey, nonce, sessionNonce, signature }: CallProof,
    connection: string,
    payloads: Iterable<Uint8Array>,
  ): VerifiedCall | string {
    const { sealer, window, opened } = running
    // No header has a line break, so that no call over HTTP finds a connection's session here.
    const openedAs = connection === '' ? sessionNonce : `${sessionNonce}\n${connection}`
    const known = opened.get(openedAs)
    const session = known?.client === identityKey ? known.session : sealer.open(identityKey, sessionNonce, connection)
    if (session === null) return unknownSession
    const nowS = this.#nowS(running)
    if (nowS - session.beganAtS > this.#limits.sessionLifetimeMs / 1000) return unknownSession

    const key = messageKey(nonce, sessionNonce)
    const digest = window.digest(key.keyID)
    const before = window.check(identityKey, digest, session.beganAtS)
    if (before !== 'fresh') return refusals[before]
    let signed: Uint8Array | null = null
    for (const payload of payloads) {
      if (!this.#wallet.verifyFrom(identityKey, key, payload, signature)) continue
      signed = payload
      break
    }
    if (signed === null) return 'The signature does not verify.'
    if (known === undefined) opened.set(openedAs, { client: identityKey, session })
    const verdict = window.consume(identityKey, digest, session.beganAtS, nowS)
    return verdict === 'fresh' ? { identityKey, clientNonce: session.clientNonce, payload: signed } : refusals[verdict]
  }

  #signAnswer(ctx: Context, { claim, verified }: AuthenticCall, body: string | Buffer): void {
    const { res } = ctx
    const headers: SignedHeader[] = []
    for (const name of res.getHeaderNames()) {
      if (isSignedHeader(name)) headers.push([name, String(res.getHeader(name))])
    }
    const { requestId, requestIdText } = claim
    const { identityKey, clientNonce } = verified
    const bodyBytes = Buffer.byteLength(body)
    const head = responseHead({ requestId, status: res.statusCode, headers: sortHeaders(headers) }, bodyBytes)
    const digest = typeof body === 'string' ? sha256(joined(head, body, bodyBytes)) : sha256OfBoth(head, body)
    const nonce = this.#freshNonce()
    const signature = this.#wallet.signDigestFor(identityKey, messageKey(nonce, clientNonce), digest)
    res.setHeader('x-bsv-auth-version', authVersion)
    res.setHeader('x-bsv-auth-identity-key', this.#wallet.identityKey)
    res.setHeader('x-bsv-auth-nonce', nonce)
    res.setHeader('x-bsv-auth-your-nonce', clientNonce)
    res.setHeader('x-bsv-auth-request-id', requestIdText)
    res.setHeader('x-bsv-auth-signature', signature.toString('hex'))
  }

  /** 32 random bytes in base64, drawn many at a time. */
  #freshNonce(): string {
    if (this.#randomAt === this.#random.length) {
      randomFillSync(this.#random)
      this.#randomAt = 0
    }
    const start = this.#randomAt
    this.#randomAt += 32
    return this.#random.toString('base64', start, this.#randomAt)
  }
}

// A Python client waits 30 s on a refusal that says "Session not found for nonce": ours must not.
const unknownSession = 'This is no session of yours on this host, or it has ended. Shake hands again.'
const stopped = 'This host is about to stop.'
const refusals = {
  replayed: 'This request was made before.',
  ended: unknownSession,
  full: 'This host has met too many identities lately.',
} as const

function signedRequest({ claim, verified }: AuthenticCall): SignedRequest {
  const { nonce, sessionNonce, signature } = claim
  return { payload: verified.payload, nonce, sessionNonce, signatureHex: bytesToHex(signature) }
}

function joined(head: Uint8Array, body: string, bodyBytes: number): Buffer {
  const payload = Buffer.allocUnsafe(head.length + bodyBytes)
  payload.set(head)
  payload.write(body, head.length, 'utf8')
  return payload
}

const performanceClock = { monotonicMs: () => performance.now() }

function refuse(ctx: Context, description: string): void {
  ctx.status = 401
  ctx.body = { status: 'error', code: 'UNAUTHORIZED', description, message: description }
}

function readHandshake(body: Buffer): Handshake | string {
  if (body.length > longestHandshakeBytes) return 'The handshake is too long.'
  try {
    return parseHandshake(JSON.parse(body.toString('utf8')))
  } catch {
    return 'The handshake is not JSON.'
  }
}
