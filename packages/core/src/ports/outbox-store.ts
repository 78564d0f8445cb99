import type { CustodyPlace, ForwardId, IdentityKey } from '@overpost/protocol'
import type { Destination, Forwarding, Message } from '../message.ts'
import type { Placement } from './mailbox-store.ts'
import type { MessageRecord } from './message-records.ts'

/** One message to one host, durable until it is settled. */
export interface Parcel {
  readonly id: number
  readonly message: Message
  readonly forwardId: ForwardId
  readonly acceptedAtMs: number
  /** Answers so far that put this one parcel off. */
  readonly attempts: number
  /** It was delivered there, and goes again: its message has its end, whatever becomes of this. */
  readonly again?: true
}

/** Parcels of one destination, claimed together, oldest first. No other claim names this destination until it is finished. */
export interface ParcelBatch {
  readonly destination: Destination
  /** Failed calls to this destination since the last good one. */
  readonly failures: number
  readonly parcels: readonly Parcel[]
}

/** A message that looks for a home of its recipient. */
export interface Unrouted {
  readonly id: number
  readonly message: Pick<Message, 'recipient' | 'box' | 'sender' | 'messageId'>
  readonly acceptedAtMs: number
  /** The whole message, where its envelope was not verified here yet: no copy of it is in a box here. */
  readonly unverified: Message | null
  /** It is in its recipient's box here to stay, or was acknowledged there: only other homes are looked for. */
  readonly isHome: boolean
  /** Look-ups so far that found nothing. */
  readonly attempts: number
}

/** Messages to one recipient, claimed together. No other claim names this recipient until it is finished. */
export interface UnroutedGroup {
  readonly recipient: IdentityKey
  readonly messages: readonly Unrouted[]
}

/**
 * What becomes of one parcel. `reroute`: its message looks for a home again from `atMs` on, beside its other parcels; that
 * counts one attempt of this message and host. `failed`: final, kept with its reason.
 */
export type ParcelEnd =
  | { readonly kind: 'delivered'; readonly receipt: CustodyPlace | null }
  | { readonly kind: 'retry'; readonly atMs: number; readonly reason: string; readonly counts: boolean }
  | { readonly kind: 'reroute'; readonly atMs: number; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }

/**
 * What becomes of one unrouted message. `routed`: it has outbox rows now, one for each host (by key) that does not have the
 * message yet, still waits for it, or refused it for good; a host that it was rerouted from gets it again under the old
 * forward id. `here`: this host is a home of the recipient too, so the copy here stays, or is made, once. There is at least one
 * forwarding, or `here`. `postponed`: it asks again at `atMs`. `failed`: final, kept with its reason.
 */
export type UnroutedEnd =
  | { readonly kind: 'routed'; readonly here: boolean; readonly forwardings: readonly Forwarding[] }
  | { readonly kind: 'postponed'; readonly atMs: number; readonly reason: string; readonly counts: boolean }
  | { readonly kind: 'failed'; readonly reason: string }

/** A message of which its sender is to be told. The id is that of its ref. */
export interface Tracked {
  readonly id: number
  readonly record: MessageRecord
}

/**
 * What becomes of an undelivered message. `returned`: a guest's copy of it goes, its envelope is forgotten, so that it can be
 * sent again, and `notice`, a message to its sender, is accepted. `kept`: a guest's copy stays for good, or one
 * is made, whatever quota its recipient has, and it counts as delivered.
 */
export type ReturnEnd = { readonly kind: 'returned'; readonly notice: Placement | null } | { readonly kind: 'kept' }

/** How a destination stands after a call: failures in a row, and the time before which nothing is claimed for it. */
export interface DestinationState {
  readonly failures: number
  readonly nextAttemptAtMs: number
  readonly reason: string | null
}

/** Work for a lane. */
export type OutboxClaim =
  | { readonly kind: 'parcels'; readonly batch: ParcelBatch }
  | { readonly kind: 'unrouted'; readonly group: UnroutedGroup }

/** What an operator asks of the queue. */
export interface OutboxCounts {
  readonly parcels: number
  readonly unrouted: number
  /** Messages whose senders are still to be told. */
  readonly failed: number
  readonly oldestAcceptedAtMs: number | null
}

/**
 * The durable outbox: one row per message and destination, and, once settled, the record of what became of it. Each call is atomic and durable when it resolves. A claim that is
 * neither finished nor released ends with the process (or its lease): its rows are then due again, and the receiver's memory
 * absorbs what was sent twice. A finish that rejects leaves the claim standing: finish it again, or release it. Rows that have
 * their end meanwhile, as the recipient acknowledged the copy here, are passed over.
 * @throws {RelayError} ERR_STORAGE_FULL when there is no room, ERR_UNAVAILABLE when the disk fails; then nothing of the call was changed.
 */
export interface OutboxStore {
  /**
   * Claims what is due and in nobody's hands: parcels of one destination, at most `maxMessages` and `maxBytes` of bodies (one
   * larger goes alone; only one while the destination's last call failed), or at most `maxMessages` that look for a home of one
   * recipient. What has been due longest comes first. Nothing is ever put off for longer than `longestWaitMs`: what is due
   * later than that was put off by a clock that has been set back since, and is due now.
   */
  claim(limits: {
    nowMs: number
    longestWaitMs: number
    maxMessages: number
    maxBytes: number
  }): Promise<OutboxClaim | null>
  /** When {@link claim} has something again: Unix ms, null when nothing waits. What is in somebody's hands does not count. */
  nextDueAtMs(): Promise<number | null>
  /**
   * Ends a claim on parcels, an end for each in order. A message of which nothing waits any more is settled when one host has
   * it, and a guest's copy of it goes, unless the recipient listed it here already. When none has it, but a guest listed it here,
   * that is a delivery too. Else it is {@link undelivered}.
   */
  finishParcels(batch: ParcelBatch, ends: readonly ParcelEnd[], state: DestinationState): Promise<void>
  /**
   * Ends a claim on unrouted messages, an end for each in order; what it settles is as in {@link finishParcels}. What only
   * sought other homes (`Placement.seeksOthers`) and has none is forgotten.
   */
  finishUnrouted(group: UnroutedGroup, ends: readonly UnroutedEnd[]): Promise<void>
  /** Gives a claim back unchanged. One that is not held (any more) is passed over. */
  release(claim: OutboxClaim): void
  /**
   * Ends the pause of a host that failed, also when a call to it is under way and then fails. Its failures stand until a call
   * is good, and parcels that were put off one by one keep their times. Need not survive a restart. True when something was
   * waiting for the pause to end.
   */
  wake(hostKey: IdentityKey, nowMs: number): Promise<boolean>
  /**
   * Makes all look-ups for a recipient due at `nowMs`, also those in somebody's hands that then find nothing. Need not survive a
   * restart. True when one waited.
   */
  wakeRecipient(recipient: IdentityKey, nowMs: number): Promise<boolean>
  /**
   * Fails some of what was accepted before `acceptedBeforeMs`, still waits and is in nobody's hands, with the reason
   * ERR_EXPIRED, or ERR_NO_ROUTE where it looks for a home: also what waits behind a host that is down. Goes on where it stopped,
   * and meets each message once: what was in somebody's hands is theirs to fail. Resolves to whether more may be left.
   */
  expire(acceptedBeforeMs: number): Promise<boolean>
  /** At most `limit` messages of which nothing waits, and which no host has, this one included: oldest first, with why. */
  undelivered(limit: number): Promise<Tracked[]>
  /**
   * Gives each its end, once: with its notice in one transaction. Resolves to which were returned; the others were so before,
   * or their recipients listed or acknowledged them here meanwhile, and their notices are not kept.
   */
  finishReturns(ends: readonly { readonly id: number; readonly end: ReturnEnd }[]): Promise<boolean[]>
  /**
   * What still waits of the next messages, at most `limit`, that were accepted before `acceptedBeforeMs`, oldest first, past
   * those that {@link finishDelays} was told of. `upTo`: how far that goes; null: there are none.
   */
  delayed(
    acceptedBeforeMs: number,
    limit: number,
  ): Promise<{ readonly messages: readonly Tracked[]; readonly upTo: number | null }>
  /**
   * Keeps a notice for each that still waits, and never asks again for messages `upTo` that one: in one transaction. Resolves
   * to which were kept.
   */
  finishDelays(
    upTo: number,
    notices: readonly { readonly id: number; readonly notice: Placement }[],
  ): Promise<boolean[]>
  /**
   * Forgets some of what was settled, or moved away with its owner, before `settledBeforeMs`, and bodies and proofs of what was settled before
   * `bodiesBeforeMs`. Resolves to whether more is left to forget.
   */
  prune(before: { settledBeforeMs: number; bodiesBeforeMs: number }): Promise<boolean>
  counts(): Promise<OutboxCounts>
}

/** A destination to which nothing was sent yet. */
export const freshDestination: DestinationState = { failures: 0, nextAttemptAtMs: 0, reason: null }
