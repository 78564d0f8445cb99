import type {
  BoxName,
  ForwardId,
  HostOrigin,
  IdentityKey,
  MessageId,
  ShownProof,
  SignedRequest,
} from '@overpost/protocol'

/** A message box: its owner's key and its name. */
export interface BoxAddress {
  readonly owner: IdentityKey
  readonly box: BoxName
}

/** What a sender wrote: a string as it came, or an object as JSON text. */
export interface Content {
  readonly contentType: 'text/plain' | 'application/json'
  readonly body: string
}

/** The sender's own signature over one message to one recipient (phip.md section 8, F1): verified, wherever the message can be read here. */
export interface VerifiedEnvelope {
  readonly timestampMs: number
  /** DER, as hexadecimal digits. */
  readonly signatureHex: string
  /** SHA-256 of the signed text, 64 hexadecimal digits: what is remembered so that the envelope is good only once. */
  readonly hash: string
}

/** The sender's own request, in which a message came to the host that authenticated it (phip.md section 8, F2). */
export interface VerifiedRequest extends SignedRequest {
  /** SHA-256 of payload and recipient, 64 hexadecimal digits: what a receiver remembers, so that it is good only once. */
  readonly hash: string
}

/**
 * A message on its way to one recipient. While it waits, (recipient, box, sender, messageId) is its identity. At most one of
 * `envelope` and `request` shows who wrote it to others; without them a host's word does: this one's, where the sender handed
 * it in here, or the other host's.
 */
export interface Message extends Content {
  readonly recipient: IdentityKey
  readonly box: BoxName
  readonly sender: IdentityKey
  readonly messageId: MessageId
  readonly envelope: VerifiedEnvelope | null
  /** Kept for other hosts, and of what other hosts handed in; a message that stays where its sender sent it has none. */
  readonly request: VerifiedRequest | null
}

/** What a reader is shown of who says that the sender wrote it. */
export function shownProof(message: {
  readonly hasEnvelope: boolean
  readonly hasRequest: boolean
  readonly originHost: IdentityKey | null
}): ShownProof {
  if (message.hasEnvelope) return 'envelope'
  if (message.originHost === null) return 'local'
  return message.hasRequest ? 'brc94' : 'host'
}

/** A host to which messages are forwarded. The key is pinned: only a host that proves it is given anything. */
export interface Destination {
  readonly hostKey: IdentityKey
  readonly origin: HostOrigin
}

/**
 * What a store did with a message. A conflict is an equal identity with another plain body; `full` is a quota that the message
 * does not fit into: of its recipient's boxes, of what its sender has on its way out, or of what is remembered of the host that
 * handed it in. Those store nothing.
 */
export type AppendOutcome = 'stored' | 'duplicate' | 'conflict' | QuotaOutcome
export type QuotaOutcome = 'mailbox full' | 'sender full' | 'origin full'

/**
 * Names one accepted message to one recipient in its store. `outgoing`: its record in the outbox. `kept`: its place in a box
 * here, where it is to stay. The id has at most 64 bits, and means nothing outside the store.
 */
export interface MessageRef {
  readonly kind: 'kept' | 'outgoing'
  readonly id: bigint
  /** Tells it from what had the id before. */
  readonly acceptedAtMs: number
}

/** One delivery of a message to one host, by which that host knows it again. */
export interface Forwarding {
  readonly destination: Destination
  readonly forwardId: ForwardId
}
