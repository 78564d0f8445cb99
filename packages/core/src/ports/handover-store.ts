import type { IdentityKey, SignedHandover } from '@overpost/protocol'
import type { StoredMessage } from './mailbox-store.ts'

/** How far a user's move is. */
export interface HandoverState {
  readonly handover: SignedHandover
  readonly isDone: boolean
}

/** A message's place among all that waits of a user; opaque outside its store. */
export interface HandoverPlace {
  readonly mailbox: number
  readonly sequence: number
}

/** A message that waits, at its place. */
export interface WaitingMessage {
  readonly place: HandoverPlace
  readonly message: StoredMessage
}

/** Which users move away, and what of theirs still waits. Each call is atomic and durable. @throws {RelayError} ERR_UNAVAILABLE */
export interface HandoverStore {
  /**
   * Ends the user's authorization here and begins the move, or begins it anew for a later one. False for a user who never authorised this host.
   * The same, or an earlier one, changes nothing. A later authorization of the same user ends the move.
   */
  begin(handover: SignedHandover, nowMs: number): Promise<boolean>
  find(user: IdentityKey): Promise<HandoverState | null>
  /** Those that are not done. */
  open(): Promise<SignedHandover[]>
  /** What waits of a user in all boxes, oldest of a box first, guests' copies left out: those go with what carries them on. */
  page(
    user: IdentityKey,
    after: HandoverPlace | null,
    limits: { limit: number; maxBytes: number },
  ): Promise<WaitingMessage[]>
  /** How many that are. */
  waiting(user: IdentityKey): Promise<number>
  /**
   * The host `to` has these: removes those that are here still, and notes where they went (`MessageRecords`), for
   * `OutboxStore.prune` to forget. What its owner acknowledged meanwhile stays acknowledged. Resolves to the count removed.
   */
  removeMoved(places: readonly HandoverPlace[], to: IdentityKey, nowMs: number): Promise<number>
  /** Nothing that can be handed over is left. */
  finish(handover: SignedHandover): Promise<void>
}
