import { bytesToBase64, bytesToHex, hexToBytes, type IdentityKey } from '@overpost/protocol'
import { isSignedHeader, requestPayload, responsePayload, sortHeaders, type SignedHeader } from './auth-payload.ts'
import { authPath, authVersion, messageKey } from './auth-protocol.ts'
import { establish, openingMessage, proveHost, randomBytes, type Established } from './client-handshake.ts'
import { SessionError } from './session-error.ts'
import type { SessionSigner } from './session-signer.ts'
import { AnswerTooLarge, type Transport, type TransportAnswer, type TransportRequest } from './transport.ts'

export interface SessionTarget {
  /** Scheme, host and port of the host. */
  readonly origin: string
  /** The key that the host must have; null: the one it shows first, from then on. */
  readonly expectedHostKey: IdentityKey | null
  readonly transport: Transport
  /** For the handshake alone, which calls made at once share. Default 10 s. */
  readonly handshakeTimeoutMs?: number
}

export interface SessionCall {
  readonly method: string
  /** From the first slash on, with the query. Plain ASCII. */
  readonly path: string
  /** `authorization` and `x-bsv-*`, which are signed, and `content-type`; no others. */
  readonly headers?: Readonly<Record<string, string>>
  /** Text is sent as UTF-8. Without a content type it counts as JSON. */
  readonly body?: Uint8Array | string
  /** The one deadline of the call, a second handshake included. */
  readonly signal: AbortSignal
  /** Default 1 MiB. */
  readonly maxAnswerBytes?: number
}

/** An answer that the host has signed for this call. */
export type SessionAnswer = TransportAnswer

const handshakeAnswerBytes = 65_536
const defaultAnswerBytes = 1_048_576
const utf8 = new TextEncoder()

/**
 * The calling side of BRC-103/104: one session with one host, for any number of calls at once. Every answer returned has
 * been signed by the host's key for that very call; a 402 is such an answer, and is not paid. After a 401 that nobody
 * signed (the host has forgotten the session) a call shakes hands once more and is sent once more.
 */
export class SignedSession {
  readonly #signer: SessionSigner
  readonly #origin: string
  readonly #transport: Transport
  readonly #handshakeTimeoutMs: number
  #hostKey: IdentityKey | null
  #session: Promise<Established> | null = null
  /** What `#session` has come to; null while hands are being shaken. */
  #current: Established | null = null

  /** @throws {TypeError} when `origin` is not an http or https origin */
  constructor(signer: SessionSigner, { origin, expectedHostKey, transport, handshakeTimeoutMs }: SessionTarget) {
    const url = new URL(origin)
    if (url.origin !== origin || !/^https?:$/.test(url.protocol)) throw new TypeError(`Not an origin: ${origin}`)
    this.#signer = signer
    this.#origin = origin
    this.#transport = transport
    this.#handshakeTimeoutMs = handshakeTimeoutMs ?? 10_000
    this.#hostKey = expectedHostKey
  }

  /** The key that the host must have: as given, or as first shown; null before that. */
  get hostKey(): IdentityKey | null {
    return this.#hostKey
  }

  /**
   * The host has proven a key on another connection: from now on it is the one that it must have.
   * @throws {SessionError} `wrong-key`, when it must have another already
   */
  pinHostKey(shown: IdentityKey): void {
    this.#hostKey ??= shown
    if (this.#hostKey !== shown) throw new SessionError('wrong-key', `The host's key is ${shown}, not ${this.#hostKey}`)
  }

  /**
   * @throws {SessionError} when no answer came that can be believed
   * @throws the signal's reason when it aborts
   * @throws {TypeError} when the call itself cannot be signed
   */
  async call(call: SessionCall): Promise<SessionAnswer> {
    const { signal } = call
    signal.throwIfAborted()
    const parts = requestParts(call, this.#origin)
    const first = await this.#established(null, signal)
    const answer = await this.#send(first, parts, call)
    if (!isForgotten(answer)) return answer
    const second = await this.#established(first, signal)
    const again = await this.#send(second, parts, call)
    if (isForgotten(again)) throw unsigned('refused', 'The host refuses a session that it has just made', again)
    return again
  }

  /** The session to use now: the one there is, unless it is `forgotten` by the host. */
  async #established(forgotten: Established | null, signal: AbortSignal): Promise<Established> {
    // Of many calls refused at once, the first makes the new session and the others find it.
    if (this.#session === null || (forgotten !== null && this.#current === forgotten)) {
      this.#current = null
      this.#session = this.#shakeHands()
      this.#session.then(
        (session) => (this.#current = session),
        () => (this.#session = null),
      )
    }
    return await untilAborted(this.#session, signal)
  }

  async #shakeHands(): Promise<Established> {
    const ownNonce = bytesToBase64(randomBytes(48))
    const message = openingMessage(await this.#signer.identityKey(), ownNonce)
    const signal = AbortSignal.timeout(this.#handshakeTimeoutMs)
    const answer = await this.#request({
      method: 'POST',
      url: this.#origin + authPath,
      headers: { 'content-type': 'application/json' },
      body: utf8.encode(JSON.stringify(message)),
      signal,
      maxAnswerBytes: handshakeAnswerBytes,
    }).catch((error: unknown) => {
      throw signal.aborted ? new SessionError('unreachable', 'The host did not answer the handshake in time') : error
    })
    if (answer.status !== 200) throw unsigned('unsigned', 'The host refuses the handshake', answer)

    const session = await establish(this.#signer, {
      answer: new TextDecoder().decode(answer.body),
      ownNonce,
      expectedHostKey: this.#hostKey,
    })
    this.#hostKey ??= session.hostKey
    return session
  }

  /** The verified answer, or a 401 that nobody signed. */
  async #send(
    { hostKey, ownNonce, hostNonce }: Established,
    parts: Parts,
    call: SessionCall,
  ): Promise<TransportAnswer> {
    const requestId = randomBytes(32)
    const nonce = bytesToBase64(randomBytes(32))
    const payload = requestPayload({ ...parts, requestId })
    const signature = await this.#signer.sign(hostKey, messageKey(nonce, hostNonce), payload)
    const answer = await this.#request({
      method: parts.method,
      url: parts.url,
      headers: {
        ...Object.fromEntries(parts.headers),
        'x-bsv-auth-version': authVersion,
        'x-bsv-auth-identity-key': await this.#signer.identityKey(),
        'x-bsv-auth-nonce': nonce,
        'x-bsv-auth-your-nonce': hostNonce,
        'x-bsv-auth-request-id': bytesToBase64(requestId),
        'x-bsv-auth-signature': bytesToHex(signature),
      },
      body: parts.body.length === 0 ? null : parts.body,
      signal: call.signal,
      maxAnswerBytes: call.maxAnswerBytes ?? defaultAnswerBytes,
    })
    const { headers, status, body } = answer
    if (headers['x-bsv-auth-signature'] === undefined) {
      if (status === 401) return answer
      throw unsigned('unsigned', `The answer ${status} is not signed`, answer)
    }
    const answerNonce = headers['x-bsv-auth-nonce']
    const claimed: [string, string | undefined, string][] = [
      ['version', headers['x-bsv-auth-version'], authVersion],
      ['identity key', headers['x-bsv-auth-identity-key'], hostKey],
      ['session', headers['x-bsv-auth-your-nonce'], ownNonce],
      ['request id', headers['x-bsv-auth-request-id'], bytesToBase64(requestId)],
    ]
    for (const [what, is, expected] of claimed) {
      if (is !== expected) throw new SessionError('not-authentic', `The answer has another ${what}`)
    }
    if (answerNonce === undefined) throw new SessionError('not-authentic', 'The answer has no nonce')
    const answered = responsePayload({ requestId, status, headers: signedHeaders(headers), body })
    const answerSignature = hexToBytes(headers['x-bsv-auth-signature']) ?? new Uint8Array(0)
    await proveHost(this.#signer, hostKey, messageKey(answerNonce, ownNonce), answered, answerSignature)
    return answer
  }

  async #request(request: TransportRequest): Promise<TransportAnswer> {
    try {
      return await this.#transport(request)
    } catch (cause) {
      request.signal.throwIfAborted()
      if (cause instanceof AnswerTooLarge) throw new SessionError('too-large', cause.message, { cause })
      throw new SessionError('unreachable', `${this.#origin} cannot be reached`, { cause })
    }
  }
}

interface Parts {
  readonly method: string
  readonly url: string
  readonly path: string
  readonly search: string
  readonly headers: readonly SignedHeader[]
  readonly body: Uint8Array
}

function requestParts({ method, path, headers = {}, body = '' }: SessionCall, origin: string): Parts {
  const url = new URL(origin + path)
  if (!path.startsWith('/') || url.origin !== origin || url.hash !== '') throw new TypeError(`Not a path: ${path}`)
  const bytes = typeof body === 'string' ? utf8.encode(body) : body
  const signed: SignedHeader[] = []
  let typed = false
  for (const [given, value] of Object.entries(headers)) {
    const name = given.toLowerCase()
    typed ||= name === 'content-type'
    if (name === 'content-type') signed.push([name, (value.split(';')[0] ?? '').trim()])
    else if (isSignedHeader(name)) signed.push([name, value.trim()])
    else throw new TypeError(`The header ${given} cannot be signed`)
  }
  if (!typed && bytes.length > 0) signed.push(['content-type', 'application/json'])
  const { pathname, search } = url
  return { method, url: url.href, path: pathname, search, headers: sortHeaders(signed), body: bytes }
}

function signedHeaders(headers: Readonly<Record<string, string>>): SignedHeader[] {
  return sortHeaders(Object.entries(headers).filter(([name]) => isSignedHeader(name)))
}

function isForgotten({ status, headers }: TransportAnswer): boolean {
  return status === 401 && headers['x-bsv-auth-signature'] === undefined
}

function unsigned(fault: 'unsigned' | 'refused', message: string, { status, headers }: TransportAnswer): SessionError {
  return new SessionError(fault, message, { status, retryAfter: headers['retry-after'] ?? null })
}

/** `work`, unless `signal` aborts first; `work` goes on then, for others. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
