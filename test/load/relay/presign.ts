import { HostSession, nodeTransport } from '@overpost/auth'
import type { IdentityWallet, Transport, TransportRequest } from '@overpost/auth'
import { httpRequest } from '../http-request.ts'

/** What the capturing transport rejects with: the session then has nothing to verify. */
class Captured extends Error {}

/**
 * A session of `wallet` with the host at `origin` that signs requests without sending them: the stock BRC-104 framing of
 * packages/auth, made before the clock runs. Only the handshake goes over the network. Each request is good for one use.
 */
export class PresigningSession {
  readonly #session: HostSession
  readonly #signal = new AbortController().signal
  #captured: TransportRequest | null = null

  constructor(wallet: IdentityWallet, origin: string) {
    const handshakes = nodeTransport()
    const transport: Transport = (request) => {
      if (request.url.endsWith('/.well-known/auth')) return handshakes(request)
      this.#captured = request
      return Promise.reject(new Captured())
    }
    this.#session = new HostSession({ wallet, origin, expectedHostKey: null, transport })
  }

  /** The bytes of a signed `POST`. One call at a time. */
  async post(path: string, body: string): Promise<Buffer> {
    this.#captured = null
    await this.#session.call({ method: 'POST', path, body, signal: this.#signal }).catch((error: unknown) => {
      if (this.#captured === null) throw error
    })
    const { url, method, headers, body: bytes } = this.#captured!
    return httpRequest({ origin: new URL(url).origin, method, path, headers, body: bytes ?? new Uint8Array(0) })
  }
}
