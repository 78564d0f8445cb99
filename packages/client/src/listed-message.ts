import {
  envelopeFromJson,
  unwrapBody,
  verifyEnvelope,
  deliveryFailuresBox,
  parseDeliveryFailure,
  type BoxName,
  type DeliveryFailure,
  type IdentityKey,
  type ListMessagesAnswer,
  type MessageId,
  type SignatureVerifier,
} from '@overpost/protocol'
import { openBody, type BodySecrecy, type CipherWallet } from './body-cipher.ts'

/** A message that waits for its reader. */
export interface ListedMessage {
  readonly box: BoxName
  readonly sender: IdentityKey
  /** The sender's own name for it; with box and sender, what acknowledges it. */
  readonly messageId: MessageId
  /** As the sender wrote it; of what is `sealed`, the ciphertext. */
  readonly body: string | object
  readonly secrecy: BodySecrecy
  /** In the box `delivery_failures`: what its sender, a host, tells of a message that it could not deliver. */
  readonly failure: DeliveryFailure | null
  /** When the host stored it, Unix milliseconds; null when the host does not say. */
  readonly receivedAtMs: number | null
  /**
   * What the host says that the sender's name rests on: `envelope`, `brc94`, `host` or `local` (docs/specs/message-box.md). Null
   * when it does not say.
   */
  readonly proof: string | null
  /** The host that handed it in; null when it was sent to this host. */
  readonly originHost: string | null
  /** Another home of the reader says that they acknowledged it there. */
  readonly acknowledgedElsewhere: boolean
  /** The other host whose word the sender's name rests on, as far as this one says; null: no other's. */
  readonly vouchedBy: string | null
  /** Whether the sender's envelope verifies, checked here; null when envelopes were not asked for. */
  readonly verified: boolean | null
}

/** What an item of a listing says. `verifier` is null when envelopes were not asked for. */
export async function readListedMessage(
  item: ListMessagesAnswer['messages'][number],
  reader: {
    readonly wallet: CipherWallet
    readonly recipient: IdentityKey
    readonly box: BoxName
    readonly verifier: SignatureVerifier | null
  },
): Promise<ListedMessage> {
  const { wallet, recipient, box, verifier } = reader
  const sent = unwrapBody(item.body)
  const message = {
    box,
    sender: item.sender,
    messageId: (item.id ?? item.messageId) as MessageId,
    ...(await openBody(wallet, item.sender, sent)),
    receivedAtMs: item.timestamp ?? null,
    proof: item.proof ?? null,
    originHost: item.originHost ?? null,
    acknowledgedElsewhere: item.acknowledgedElsewhere ?? false,
    vouchedBy: item.proof === 'brc94' || item.proof === 'host' ? (item.originHost ?? null) : null,
  }
  const failure = box === deliveryFailuresBox ? parseDeliveryFailure(message.body) : null
  if (verifier === null) return { ...message, failure, verified: null }
  const envelope = envelopeFromJson(item.envelope)
  const verified =
    envelope !== null &&
    typeof sent === 'string' &&
    verifyEnvelope({ ...message, body: sent, recipient }, envelope, verifier) !== null
  return { ...message, failure, verified }
}
