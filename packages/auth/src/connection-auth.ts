import { bytesToHex, toIdentityKey, type IdentityKey, type SignedRequest } from '@overpost/protocol'
import { authVersion } from './auth-protocol.ts'
import { parseHandshake, type Handshake } from './handshake.ts'
import type { CallProof, VerifiedCall } from './mutual-auth.ts'
import type { Peer } from './mutual-auth.ts'
import { isNonce } from './signed-request.ts'

/** What a message that came over a connection amounts to. */
export type ConnectionInput =
  /** To be sent back as it is. */
  | { readonly kind: 'answer'; readonly message: object }
  | { readonly kind: 'event'; readonly name: string; readonly data: unknown; readonly peer: Peer }
  /** The connection is of no use any more. */
  | { readonly kind: 'refused'; readonly reason: string }

/** The parts of a host's authentication that a connection uses. Sessions are bound to what is given as `connection`. */
export interface ConnectionAuthDeps {
  readonly connection: string
  readonly shakeHands: (handshake: Handshake, connection: string) => object | string
  readonly verify: (proof: CallProof, connection: string, payload: Uint8Array) => VerifiedCall | string
  /** A message of this host for the other end's session. */
  readonly sign: (to: VerifiedCall, payload: Uint8Array) => object
}

/** Each costs a signature; an honest client needs one, or a few when it is in a hurry. */
const mostHandshakes = 32
const longestSignature = 72
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/**
 * The host's side of BRC-103 on one connection, as `authsocket` speaks it (shared/spec/auth.md section 5): a message is an
 * AuthMessage, its payload `{eventName, data}` as JSON text. Whoever signs first has the connection: other keys are refused,
 * and so are messages that were signed for another connection, or that came before.
 */
export class ConnectionAuth {
  readonly #deps: ConnectionAuthDeps
  #peer: VerifiedCall | null = null
  #handshakes = 0

  constructor(deps: ConnectionAuthDeps) {
    this.#deps = deps
  }

  /** Whose connection it is; null until something was signed. */
  get identityKey(): IdentityKey | null {
    return this.#peer?.identityKey ?? null
  }

  /** Never throws. */
  receive(message: unknown): ConnectionInput {
    if (typeof message !== 'object' || message === null) return refused('A message must be an object.')
    const fields = message as Readonly<Record<string, unknown>>
    if (fields['messageType'] === 'general') return this.#general(fields)
    if (this.#handshakes++ >= mostHandshakes) return refused('Too many handshakes.')
    const handshake = parseHandshake(message)
    if (typeof handshake === 'string') return refused(handshake)
    const answer = this.#deps.shakeHands(handshake, this.#deps.connection)
    return typeof answer === 'string' ? refused(answer) : { kind: 'answer', message: answer }
  }

  /** An event for the other end, signed. @throws {Error} before the other end has signed anything */
  event(name: string, data: unknown): object {
    if (this.#peer === null) throw new Error('nobody has this connection yet')
    return this.#deps.sign(this.#peer, encoder.encode(JSON.stringify({ eventName: name, data })))
  }

  #general(fields: Readonly<Record<string, unknown>>): ConnectionInput {
    const { version, nonce, yourNonce: sessionNonce } = fields
    if (version !== authVersion) return refused(`The version must be ${authVersion}.`)
    const identityKey = toIdentityKey(fields['identityKey'])
    if (identityKey === null) return refused('The identity key is not a compressed public key.')
    if (this.#peer !== null && this.#peer.identityKey !== identityKey)
      return refused('This connection is of another key.')
    if (!isNonce(nonce) || !isNonce(sessionNonce)) return refused('A nonce is missing or too long.')
    const signature = bytesOf(fields['signature'], longestSignature)
    const payload = bytesOf(fields['payload'], Infinity)
    if (signature === null || payload === null) return refused('Payload and signature must be lists of bytes.')
    const verified = this.#deps.verify({ identityKey, nonce, sessionNonce, signature }, this.#deps.connection, payload)
    if (typeof verified === 'string') return refused(verified)
    this.#peer = verified
    const event = parseEvent(payload)
    if (event === null) return refused('The payload must be {eventName, data} as JSON.')
    const signedRequest = (): SignedRequest => ({ payload, nonce, sessionNonce, signatureHex: bytesToHex(signature) })
    return { kind: 'event', ...event, peer: { identityKey, signedRequest } }
  }
}

function refused(reason: string): ConnectionInput {
  return { kind: 'refused', reason }
}

function bytesOf(list: unknown, most: number): Uint8Array | null {
  if (!Array.isArray(list) || list.length > most) return null
  const bytes = new Uint8Array(list.length)
  for (let at = 0; at < list.length; at += 1) {
    const byte: unknown = list[at]
    if (!Number.isInteger(byte) || (byte as number) < 0 || (byte as number) > 255) return null
    bytes[at] = byte as number
  }
  return bytes
}

function parseEvent(payload: Uint8Array): { name: string; data: unknown } | null {
  try {
    const { eventName, data } = JSON.parse(decoder.decode(payload)) as Record<string, unknown>
    return typeof eventName === 'string' ? { name: eventName, data } : null
  } catch {
    return null
  }
}
