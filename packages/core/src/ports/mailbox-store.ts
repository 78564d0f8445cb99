import type { BoxName, Custody, ForwardId, IdentityKey, MessageId, ShownProof } from '@overpost/protocol'
import type { AppendOutcome, BoxAddress, Forwarding, Message, MessageRef } from '../message.ts'

/** Where one message of a send goes. At least one of `here` and `forwardings` says something. */
export interface Placement {
  readonly message: Message
  readonly acceptedAtMs: number
  /**
   * `home`: appended to the recipient's box, and done. `guest`: appended too, so that the recipient can list it here at once,
   * beside an outbox row that looks for a home (and has no forwardings yet). `none`: not appended here.
   */
  readonly here: 'home' | 'guest' | 'none'
  /** An outbox row each. */
  readonly forwardings: readonly Forwarding[]
  /**
   * At home here, with no forwardings yet: an outbox row looks for other homes, and goes without a trace where it finds none.
   * What is here stays as it is, and its ref names its place in the box.
   */
  readonly seeksOthers: boolean
}

/** Whether it has anything in the outbox. */
export function goesOut({ here, forwardings, seeksOthers }: Omit<Placement, 'message'>): boolean {
  return here === 'guest' || seeksOthers || forwardings.length > 0
}

/** What came of one placement. */
export interface Kept {
  readonly outcome: AppendOutcome
  /** What was kept, or, of a duplicate, the first where it still waits; null: what it repeats waits no longer. */
  readonly ref: MessageRef | null
}

/** A message that another host handed in. */
export interface Arrival {
  readonly message: Message
  readonly originHost: IdentityKey
  readonly forwardId: ForwardId
  readonly receivedAtMs: number
  /** Of its custody receipt, were it stored now: 64 hexadecimal digits. */
  readonly leaf: string
  /** The hash of the sender's request, which a handover shows and does not prove: remembered as that of a message with the request. */
  readonly requestHash?: string
}

/** What became of an {@link Arrival}. */
export interface Reception {
  readonly outcome: AppendOutcome
  /**
   * What is remembered for the receipt under this forward id, of which the first arrival decides: its leaf, when it was stored or
   * the very same was here before (its envelope, or its identity with an equal body). Null: there is nothing to sign.
   */
  readonly custody: Custody | null
}

export interface StoredMessage extends Message {
  /** The place in its box's log: grows by one with each message, never used again. */
  readonly sequence: number
  /** What the recipient sees and acknowledges by: unique per recipient (relay-http.md section 2). */
  readonly listedId: string
  readonly receivedAtMs: number
  /** The host that handed it in; null when its sender handed it in here. */
  readonly originHost: IdentityKey | null
  /** Another home of the owner says that they acknowledged it there (`AcknowledgementStore.markElsewhere`). */
  readonly acknowledgedElsewhere: boolean
}

/** As a page has it: `envelope` and `request` are null too where nobody asked for them; `proof` says what there is. */
export interface PagedMessage extends StoredMessage {
  readonly proof: ShownProof
  /** Whether its body is known to be text of which each character stands for itself in JSON (`isPlainText`), so that nobody need look. */
  readonly isPlain: boolean
}

/** Which part of a box's log. */
export interface PageLimits {
  /** Above this sequence. */
  readonly after: number
  readonly limit: number
  /** Of bodies, but at least one message. */
  readonly maxBytes: number
  /** With envelopes and requests, which take time to read. */
  readonly withProofs: boolean
}

export interface MessagePage {
  readonly messages: readonly PagedMessage[]
  /** Whether the box holds more after these. */
  readonly more: boolean
}

/** A box, by a number that means nothing outside its store, and since when its oldest message waits; null: it is empty. */
export interface BoxAge {
  readonly id: number
  readonly box: BoxName
  readonly oldestMs: number | null
}

/** One message of a recipient, named by its identity. */
export interface MessageName {
  readonly box: BoxName
  readonly sender: IdentityKey
  readonly messageId: MessageId
}

/**
 * Where messages wait until acknowledged: one append-only log per box. Each call is atomic and durable when it resolves.
 * Duplicates are decided inside the transaction, in this order: a remembered forward id, a remembered envelope, a remembered request (of `receive`), an equal
 * identity that still waits (for `accept` here or in the outbox; for `receive` here, since a parcel to another
 * home that may yet fail must not swallow what we take into this one). An equal identity is a `duplicate` when the bodies are
 * equal or both are the client's ciphertext (`{"encryptedMessage":...}`), else a `conflict`; the first body stays. A guest
 * copy that is found by a message whose home is here stays for good. What is
 * remembered: the forward id, the envelope and the request of whatever was kept in a box here, or found a duplicate of it. What was only
 * forwarded is remembered where it went, so that a sender who was told that it failed can send it again.
 * @throws {RelayError} ERR_STORAGE_FULL when there is no room, ERR_UNAVAILABLE when the disk fails; then nothing of the call was stored.
 */
export interface MailboxStore {
  /** Names this log. A restored or copied store has another, so that no cursor skips mail in silence. */
  readonly incarnation: string
  /**
   * Keeps one send for all its recipients, or, if one of them is a `conflict` or does not fit into a quota, for none and
   * remembers nothing. An outcome each, in order: what it is, or without that one would have been.
   */
  accept(placements: readonly Placement[]): Promise<Kept[]>
  /**
   * Appends what another host handed in: each stands for itself. What became of each, in order. What is refused for a quota is
   * not remembered, and may come again; a repeat of what is remembered is a `duplicate` all the same.
   */
  receive(arrivals: readonly Arrival[]): Promise<Reception[]>
  /**
   * Oldest first. A guest copy that a page shows is durably marked as listed before: it is not moved away any more.
   */
  list(address: BoxAddress, page: PageLimits): Promise<MessagePage>
  /** The sequence of the box's last message, be it here still or not; 0 when there never was one. */
  lastSequence(address: BoxAddress): Promise<number>
  /** Deletes the owner's messages by listed id, and what would carry a guest copy elsewhere: its record says so. Resolves to the count deleted. */
  acknowledge(owner: IdentityKey, listedIds: readonly string[]): Promise<number>
  /** As {@link acknowledge}, by the message's identity. */
  acknowledgeByName(owner: IdentityKey, names: readonly MessageName[]): Promise<number>
  /** At most `limit` boxes after the one of number `after` (0: from the first), whoever owns them. */
  boxes(after: number, limit: number): Promise<BoxAge[]>
  /**
   * Deletes of a box what came before `beforeMs`, out of its `most` oldest messages, guests' copies left out: those go with what
   * carries them on. What was remembered of them stays, and how far it came, for `MessageRecords`. Resolves to the count deleted.
   */
  prune(boxId: number, beforeMs: number, most: number): Promise<number>
  /** Forgets forward ids and envelopes made, and requests received, before `beforeMs`. Resolves to whether more are left to forget. */
  forget(beforeMs: number): Promise<boolean>
}
