import type { IdentityWallet } from '@overpost/auth'
import { BoundedMap, type Destination, type Parcel, type ParcelAnswer } from '@overpost/core'
import type {
  IdentityKey,
  LinkageRevelationJson,
  PropagatedItemJson,
  PropagateMessageJson,
  ProofKind,
  RequestItemJson,
  VouchedItemJson,
  VouchedRequestItemJson,
} from '@overpost/protocol'

/** A parcel as it is sent. */
export interface PropagateItem {
  readonly parcel: Parcel
  readonly proof: ProofKind
  /** Whether it reveals what this host shares with the sender. */
  readonly reveals: boolean
  readonly json: string
}

export interface PropagateItemsDeps {
  readonly wallet: Pick<IdentityWallet, 'identityKey' | 'linkageName' | 'revealLinkage'>
  /** Whether this host would rather vouch for that sender than show the request, and may. */
  readonly prefersToVouch: (sender: IdentityKey) => Promise<boolean>
}

/** A message under an id. */
type Named = Pick<Parcel, 'message' | 'forwardId'>

const mostShown = 100_000
const mostRevelations = 1_000

/**
 * Writes parcels with what proves their senders (docs/specs/propagate.md): the sender's envelope; else the sender's request, and
 * what shows whose it is, once for each sender and host; else this host's own word, which counts where the sender authorised it.
 */
export class PropagateItems {
  readonly #deps: PropagateItemsDeps
  /** Senders, by host, whose linkage that host was seen to know. */
  readonly #shown = new BoundedMap<string, true>(mostShown)
  /** Made once for all messages that are waiting to be sent with it. */
  readonly #revelations = new BoundedMap<string, Promise<LinkageRevelationJson>>(mostRevelations)

  constructor(deps: PropagateItemsDeps) {
    this.#deps = deps
  }

  async first(parcel: Parcel, to: Destination): Promise<PropagateItem> {
    const { envelope, request, sender } = parcel.message
    if (envelope !== null) return envelopeItem(parcel)
    const vouches =
      request === null || sender === this.#deps.wallet.identityKey || (await this.#deps.prefersToVouch(sender))
    return vouches ? vouchedItem(parcel) : await this.#requestItem(parcel, to, !this.#shown.get(pairOf(to, sender)))
  }

  /** What to send at once after that answer; null: nothing that would change it. */
  async second({ parcel, proof, reveals }: PropagateItem, answer: ParcelAnswer, to: Destination) {
    const { request, sender } = parcel.message
    if (answer.kind === 'stored' || request === null || sender === this.#deps.wallet.identityKey) return null
    const isForgotten = answer.code === 'ERR_LINKAGE_UNKNOWN' && !reveals
    const isNotBelieved = answer.code === 'ERR_SENDER_LINKAGE_VERIFICATION_FAILED' && proof === 'host'
    return isForgotten || isNotBelieved ? await this.#requestItem(parcel, to, true) : null
  }

  /** Notes what the host knows now. */
  answered({ parcel, reveals }: PropagateItem, answer: ParcelAnswer, to: Destination): void {
    if (!reveals || answer.kind !== 'stored') return
    const pair = pairOf(to, parcel.message.sender)
    this.#shown.set(pair, true)
    this.#revelations.delete(pair)
  }

  async #requestItem(parcel: Parcel, to: Destination, reveals: boolean): Promise<PropagateItem> {
    const { message, forwardId } = parcel
    const { sender, request } = message
    if (request === null) throw new Error('there is no request to show')
    const item: RequestItemJson = {
      ...{ originalSender: sender, proof: 'brc94', message: nameOf(parcel) },
      signedMessage: base64(request.payload),
      senderSignature: request.signatureHex,
      nonce: request.nonce,
      yourNonce: request.sessionNonce,
      linkage: this.#deps.wallet.linkageName(sender),
      ...(reveals ? { revelation: await this.#revelation(sender, to) } : {}),
      forwardId,
    }
    return toItem(parcel, item, reveals)
  }

  #revelation(sender: IdentityKey, to: Destination): Promise<LinkageRevelationJson> {
    const pair = pairOf(to, sender)
    let made = this.#revelations.get(pair)
    if (made === undefined) {
      made = this.#deps.wallet.revealLinkage(sender, to.hostKey).then((revelation) => ({
        ...revelation,
        encryptedLinkage: base64(revelation.encryptedLinkage),
        encryptedLinkageProof: base64(revelation.encryptedLinkageProof),
      }))
      this.#revelations.set(pair, made)
    }
    return made
  }
}

/**
 * What a user who moves has waiting here: with the sender's envelope; else on this host's word, with the request in which the sender
 * made it where another host showed it, so that it is known again wherever that host delivered it, too.
 */
export function handoverJson(parcel: Named): string {
  const { envelope, request, sender } = parcel.message
  if (envelope !== null) return JSON.stringify(envelopeJson(parcel))
  if (request === null) return JSON.stringify(vouchedJson(parcel))
  return JSON.stringify({
    ...{ originalSender: sender, proof: 'host', message: nameOf(parcel) },
    ...{ signedMessage: base64(request.payload), forwardId: parcel.forwardId },
  } satisfies VouchedRequestItemJson)
}

function envelopeItem(parcel: Parcel): PropagateItem {
  return toItem(parcel, envelopeJson(parcel), false)
}

function envelopeJson({ message, forwardId }: Named): PropagateMessageJson {
  const { sender, body, envelope } = message
  if (envelope === null) throw new Error('there is no envelope to show')
  return {
    originalSender: sender,
    proof: 'envelope',
    signedMessage: { ...nameOf({ message }), body },
    timestamp: envelope.timestampMs,
    senderSignature: envelope.signatureHex,
    forwardId,
  }
}

function vouchedItem(parcel: Parcel): PropagateItem {
  return toItem(parcel, vouchedJson(parcel), false)
}

function vouchedJson({ message, forwardId }: Named): VouchedItemJson {
  const { sender, body: text, contentType } = message
  const body = contentType === 'text/plain' ? text : (JSON.parse(text) as object)
  return { originalSender: sender, proof: 'host', message: { ...nameOf({ message }), body }, forwardId }
}

function toItem(parcel: Parcel, item: PropagatedItemJson, reveals: boolean): PropagateItem {
  return {
    parcel,
    proof: item.proof,
    reveals,
    json: JSON.stringify(parcel.again === true ? { ...item, again: true } : item),
  }
}

function nameOf({ message: { recipient, box, messageId } }: Pick<Parcel, 'message'>) {
  return { recipient, messageBox: box, messageId }
}

function pairOf({ hostKey }: Destination, sender: IdentityKey): string {
  return `${hostKey} ${sender}`
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
