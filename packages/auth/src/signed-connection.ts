import { bytesToBase64, type IdentityKey } from '@overpost/protocol'
import { authVersion, messageKey } from './auth-protocol.ts'
import { establish, openingMessage, proveHost, randomBytes, type Established } from './client-handshake.ts'
import { SessionError } from './session-error.ts'
import { walletSigner, type SessionSigner, type SessionWallet } from './session-signer.ts'

export interface ConnectionTarget {
  readonly wallet: SessionWallet
  /** The key that the host must have; null: the one it shows. */
  readonly expectedHostKey: IdentityKey | null
  /** Hands one text to whatever carries the connection. */
  readonly send: (text: string) => void
  /** The next text that came. */
  readonly next: () => Promise<string>
}

export interface ConnectionEvent {
  readonly name: string
  readonly data: unknown
}

const utf8 = new TextEncoder()

/**
 * The calling side of BRC-103 on one connection (docs/specs/live.md): every event sent is signed for it, and every event read
 * was signed by the host for it.
 */
export class SignedConnection {
  readonly #signer: SessionSigner
  readonly #target: ConnectionTarget
  readonly #session: Established

  private constructor(signer: SessionSigner, target: ConnectionTarget, session: Established) {
    this.#signer = signer
    this.#target = target
    this.#session = session
  }

  /** Shakes hands. @throws {SessionError} `not-authentic`, `wrong-key`; whatever `next` throws */
  static async open(target: ConnectionTarget): Promise<SignedConnection> {
    const signer = walletSigner(target.wallet)
    const ownNonce = bytesToBase64(randomBytes(48))
    target.send(JSON.stringify(openingMessage(await signer.identityKey(), ownNonce)))
    const { expectedHostKey } = target
    const session = await establish(signer, { answer: await target.next(), ownNonce, expectedHostKey })
    return new SignedConnection(signer, target, session)
  }

  /** The key that the host has proven. */
  get hostKey(): IdentityKey {
    return this.#session.hostKey
  }

  async emit(eventName: string, data: unknown): Promise<void> {
    const { hostKey, hostNonce } = this.#session
    const nonce = bytesToBase64(randomBytes(32))
    const payload = utf8.encode(JSON.stringify({ eventName, data }))
    const signature = await this.#signer.sign(hostKey, messageKey(nonce, hostNonce), payload)
    const identityKey = await this.#signer.identityKey()
    this.#target.send(
      JSON.stringify({
        ...{ version: authVersion, messageType: 'general', identityKey, nonce, yourNonce: hostNonce },
        ...{ payload: Array.from(payload), signature: Array.from(signature) },
      }),
    )
  }

  /** The next event. @throws {SessionError} `not-authentic`; whatever `next` throws */
  async read(): Promise<ConnectionEvent> {
    const message = parseObject(await this.#target.next())
    const { hostKey, ownNonce } = this.#session
    const { messageType, identityKey, nonce, yourNonce, payload, signature } = message
    const isForThis = messageType === 'general' && identityKey === hostKey && yourNonce === ownNonce
    if (!isForThis || typeof nonce !== 'string' || !Array.isArray(payload) || !Array.isArray(signature)) {
      throw new SessionError('not-authentic', 'The host sent what is not of this connection')
    }
    const bytes = Uint8Array.from(payload as number[])
    await proveHost(this.#signer, hostKey, messageKey(nonce, ownNonce), bytes, Uint8Array.from(signature as number[]))
    const { eventName, data } = parseObject(new TextDecoder().decode(bytes))
    if (typeof eventName !== 'string') throw new SessionError('not-authentic', 'The host sent an event without a name')
    return { name: eventName, data }
  }
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>
  } catch (cause) {
    throw new SessionError('not-authentic', 'The host sent what is not JSON', { cause })
  }
}
