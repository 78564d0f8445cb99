import { hexToBytes, type IdentityKey, type NamedLinkage, type SignedRequest } from '@overpost/protocol'
import { messageKey } from './auth-protocol.ts'
import { childTweak, parsePoint, sha256, sha256Hex, verify, type Point } from './curve.ts'
import type { IdentityWallet } from './identity-wallet.ts'
import { invoiceNumber } from './invoice-number.ts'

/** What a host has proven to share with a sender. */
interface Linkage {
  readonly sender: IdentityKey
  readonly senderPoint: Point
  /** 33 bytes. */
  readonly shared: Uint8Array
}

const defaultMostLinkages = 50_000

/**
 * Checks requests that senders made to other hosts (`brc94`, docs/specs/propagate.md), and remembers the linkages with which
 * they are checked: in memory only, since they let their holder tell the pair's keys apart, and one that was forgotten costs one
 * more exchange. When there are too many, a host with the most of them loses its oldest, so that no host pushes out the others'.
 */
export class RequestVerifier {
  readonly #wallet: Pick<IdentityWallet, 'openLinkage'>
  readonly #most: number
  /** By host, then by name, those used last at the end. */
  readonly #known = new Map<IdentityKey, Map<string, Linkage>>()
  #size = 0

  constructor(wallet: Pick<IdentityWallet, 'openLinkage'>, { mostLinkages = defaultMostLinkages } = {}) {
    this.#wallet = wallet
    this.#most = mostLinkages
  }

  /** Linkages that are remembered. */
  get size(): number {
    return this.#size
  }

  /**
   * Whether `sender` made `request` to `host`, which the caller has authenticated. `unknown`: no revelation came, and none that
   * came before is remembered. Never throws. A linkage is remembered once a request has verified with it.
   */
  verify(
    host: IdentityKey,
    sender: IdentityKey,
    request: SignedRequest,
    named: NamedLinkage,
  ): 'valid' | 'invalid' | 'unknown' {
    const known = this.#known.get(host)?.get(named.hash)
    const linkage = known ?? (named.revelation === null ? 'unknown' : this.#open(host, sender, named))
    if (linkage === 'unknown') return 'unknown'
    if (linkage === null || linkage.sender !== sender || !isSignedWith(linkage, request)) return 'invalid'
    this.#remember(host, named.hash, linkage)
    return 'valid'
  }

  #open(host: IdentityKey, sender: IdentityKey, { hash, revelation }: NamedLinkage): Linkage | null {
    if (revelation === null || revelation.prover !== host || revelation.counterparty !== sender) return null
    const shared = this.#wallet.openLinkage(revelation)
    if (shared === null || sha256Hex(shared) !== hash) return null
    return { sender, senderPoint: parsePoint(sender), shared }
  }

  #remember(host: IdentityKey, hash: string, linkage: Linkage): void {
    const ofHost = this.#known.get(host) ?? new Map<string, Linkage>()
    this.#known.set(host, ofHost)
    if (!ofHost.delete(hash)) this.#size += 1
    ofHost.set(hash, linkage)
    if (this.#size > this.#most) this.#forgetOne()
  }

  #forgetOne(): void {
    let largest: [IdentityKey, Map<string, Linkage>] | null = null
    for (const entry of this.#known) if (largest === null || entry[1].size > largest[1].size) largest = entry
    const oldest = largest?.[1].keys().next()
    if (largest === null || oldest === undefined || oldest.done === true) return
    largest[1].delete(oldest.value)
    if (largest[1].size === 0) this.#known.delete(largest[0])
    this.#size -= 1
  }
}

/** The receiver computes what is added to the sender's key: a number that came from elsewhere would fit any signature. */
function isSignedWith({ shared, senderPoint }: Linkage, request: SignedRequest): boolean {
  const { payload, nonce, sessionNonce, signatureHex } = request
  const signature = hexToBytes(signatureHex)
  if (signature === null) return false
  const { protocolID, keyID } = messageKey(nonce, sessionNonce)
  try {
    return verify(sha256(payload), signature, senderPoint, childTweak(shared, invoiceNumber(protocolID, keyID)))
  } catch {
    return false // a key ID that is too long
  }
}
