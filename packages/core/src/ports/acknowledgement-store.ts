import type { IdentityKey, SyncAcknowledgements } from '@overpost/protocol'
import type { MessageName } from './mailbox-store.ts'

/** What a user acknowledged here, on its way to their other homes. */
export interface Passage {
  readonly id: number
  readonly sync: SyncAcknowledgements
  /** When it was acknowledged here, Unix milliseconds. */
  readonly notedAtMs: number
  /** The hosts that have taken it, or never will. */
  readonly done: readonly IdentityKey[]
  readonly attempts: number
}

/**
 * What travels of acknowledgements between a user's hosts (design section 2.9). Each call is atomic and durable when it resolves.
 * @throws {RelayError} ERR_UNAVAILABLE when the disk fails; then nothing of the call was changed.
 */
export interface AcknowledgementStore {
  /**
   * Acknowledges what the owner signed for elsewhere. What is not here yet is not stored when it comes by another host: it is
   * remembered until `MailboxStore.forget`, at most 10,000 of one owner, the oldest go first. Resolves to how many were here.
   */
  acknowledgeElsewhere(owner: IdentityKey, names: readonly MessageName[], nowMs: number): Promise<number>
  /** Marks what another host says was acknowledged there; it stays. Resolves to how many are here. */
  markElsewhere(owner: IdentityKey, names: readonly MessageName[]): Promise<number>
  /** Keeps what is to be passed on, due at once. */
  putPassage(sync: SyncAcknowledgements, nowMs: number): Promise<void>
  /**
   * What is due, longest due first. Nothing is ever put off for longer than `longestWaitMs`: what is due later than that was put
   * off by a clock that has been set back since, and is due now.
   */
  duePassages(ask: { nowMs: number; longestWaitMs: number; limit: number }): Promise<Passage[]>
  /** When there is something due again; null: nothing waits. */
  nextPassageAtMs(): Promise<number | null>
  /** Makes those due at `nowMs` that wait for a later time. */
  wakePassages(ids: readonly number[], nowMs: number): Promise<void>
  /** Puts it off, one attempt more; null: it is done with. */
  finishPassage(
    id: number,
    next: { readonly atMs: number; readonly done: readonly IdentityKey[] } | null,
  ): Promise<void>
}

export const mostAwaitedAcknowledgements = 10_000
