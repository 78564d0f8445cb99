import type { IdentityKey } from '@overpost/protocol'
import type { Destination } from '../message.ts'
import type { MessageRecord } from './message-records.ts'
import type { DestinationState } from './outbox-store.ts'

/** A message that waits to leave. */
export interface QueuedMessage {
  /** Names it in this store, and grows with its age turned round: a later message has a larger one. */
  readonly id: number
  readonly bodyBytes: number
  /** Nothing of it is tried until it is let go. */
  readonly isHeld: boolean
  readonly record: MessageRecord
}

/** What waits for one host, or, without a destination, looks for a home. */
export interface QueueOfDestination {
  readonly destination: Destination | null
  readonly messages: number
  readonly bytes: number
  readonly held: number
  readonly oldestAcceptedAtMs: number
  /** How many are younger than each of the ages that were asked for, and of no younger one; the last are older than all. */
  readonly byAge: readonly number[]
  /** Null without a destination. */
  readonly state: DestinationState | null
}

/**
 * What an operator may do to a message. `retry`: whatever waits is due at once. `hold`: nothing of it is tried any more, restarts
 * included, until `release`. `bounce`: it is given up, and its sender is told as of any other. `purge`: it is given up, and nobody is told.
 */
export type QueueChange = 'retry' | 'hold' | 'release' | 'bounce' | 'purge'

/** The outbox as an operator sees it. Each call is atomic and durable when it resolves. @throws {RelayError} ERR_UNAVAILABLE */
export interface QueueStore {
  /** What waits by destination, the most first; at most 1,000 destinations. */
  byDestination(ask: { nowMs: number; agesMs: readonly number[] }): Promise<QueueOfDestination[]>
  /** What waits, the oldest first, with ids above `after`: all of it, or what goes to a host, or comes from a sender. */
  list(ask: {
    after: number
    limit: number
    hostKey: IdentityKey | null
    sender: IdentityKey | null
  }): Promise<QueuedMessage[]>
  find(id: number): Promise<QueuedMessage | null>
  /** Resolves to how many of these were changed: what waits no longer, or is so already, is passed over. */
  change(ids: readonly number[], change: QueueChange, nowMs: number): Promise<number>
}
