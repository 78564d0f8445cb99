import type { BoxName, CustodyPlace, ForwardId, IdentityKey, MessageId } from '@overpost/protocol'
import type { Destination, MessageRef } from '../message.ts'

/** How one message to one recipient stands. All but `waiting` are ends. */
export type MessageState = 'waiting' | 'delivered' | 'acknowledged' | 'returned'

/** How a message stands with one host. `dropped`: it was sent elsewhere instead. */
export interface DestinationRecord {
  readonly destination: Destination
  readonly forwardId: ForwardId
  readonly state: 'waiting' | 'delivered' | 'refused' | 'dropped'
  readonly attempts: number
  /** What the last attempt came to, when it was no delivery. */
  readonly reason: string | null
  readonly receipt: CustodyPlace | null
}

/** What a store knows of a message that it accepted. */
export interface MessageRecord {
  readonly sender: IdentityKey
  readonly recipient: IdentityKey
  readonly box: BoxName
  readonly messageId: MessageId
  readonly acceptedAtMs: number
  readonly state: MessageState
  /** Since when it has its end; null while it waits, and for what is simply here. */
  readonly settledAtMs: number | null
  /** It is in the recipient's box here: at home, or a guest's copy that the recipient has listed. */
  readonly isHere: boolean
  /** Look-ups that found no home, and calls that did not deliver it. */
  readonly attempts: number
  readonly reason: string | null
  /** Null when nothing is tried any more. */
  readonly nextAttemptAtMs: number | null
  readonly destinations: readonly DestinationRecord[]
}

/** How many bytes of bodies one question reads and hashes at most, but for a single body that is larger. */
export const mostHashedBytes = 8 * 1024 * 1024

/**
 * Why a message that is in its box here no more does not count as acknowledged. `moved`: it was handed over to a host that its
 * recipient moved to (`HandoverStore.removeMoved`). `pruned`: retention has removed what came after it, or a move did that is
 * forgotten: whether it was acknowledged is not known.
 */
export type Removal = { readonly kind: 'moved'; readonly to: IdentityKey } | { readonly kind: 'pruned' }

/** A record, with what the box of the recipient here adds. */
export interface FoundRecord extends MessageRecord {
  /** Then its state is `delivered`. */
  readonly removal: Removal | null
  /**
   * SHA-256 of the body that is in the box here, 64 hexadecimal digits; null when it is not here, or when those of one question that
   * came before it, and this one, are more than {@link mostHashedBytes}: asked for alone it is there.
   */
  readonly bodyHash: string | null
}

export type Found = FoundRecord | Removal | null

/**
 * Reads what became of accepted messages. A record in the outbox has its end once, and keeps it until it is forgotten
 * (`OutboxStore.prune`).
 */
export interface MessageRecords {
  /**
   * One per ref, in order. A removal: so a `kept` one went. Null: a `kept` one is gone otherwise, so its recipient acknowledged
   * it; an `outgoing` one is forgotten.
   */
  find(refs: readonly MessageRef[]): Promise<Found[]>
}
