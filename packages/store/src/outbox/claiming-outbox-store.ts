import type {
  Destination,
  DestinationState,
  OutboxClaim,
  OutboxCounts,
  OutboxStore,
  ParcelBatch,
  ParcelEnd,
  Placement,
  ReturnEnd,
  Tracked,
  UnroutedEnd,
  UnroutedGroup,
} from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'
import { attempt } from './attempt.ts'
import { DestinationBoard } from './destination-board.ts'
import { DueQueue } from './due-queue.ts'
import type { DueLimits, OutboxRows, OutboxWrites } from './outbox-rows.ts'
import { heldUntilMs } from './queue-rows.ts'

type Limits = Parameters<OutboxStore['claim']>[0]

/**
 * The outbox of a process that owns its rows alone: claims are kept in memory, so that after a crash everything is due
 * again. What is due when is kept per destination and per recipient; the rows themselves stay where they are.
 */
export class ClaimingOutboxStore implements OutboxStore {
  readonly #rows: OutboxRows
  readonly #writes: OutboxWrites
  readonly #board: DestinationBoard
  /** Recipients whose look-ups nobody has in hand. */
  readonly #lookups = new DueQueue()
  readonly #lookupClaims = new Map<IdentityKey, UnroutedGroup>()
  /** Recipients whose messages are all due at that time, whatever their rows say. */
  readonly #wokenAtMs = new Map<IdentityKey, number>()
  /** The time of the last claim. */
  #nowMs = Infinity
  /** What waits for longer is due. */
  #latestMs = Infinity
  /** Ends when nothing is being given up. */
  #expiring: Promise<void> | null = null

  constructor(rows: OutboxRows, writes: OutboxWrites) {
    this.#rows = rows
    this.#writes = writes
    this.#board = new DestinationBoard(rows)
    for (const recipient of rows.recipients()) this.#rescheduleLookup(recipient)
  }

  /** Takes note of messages that were just stored. */
  noteAccepted({ message, acceptedAtMs, here, forwardings, seeksOthers }: Placement): void {
    for (const { destination } of forwardings) this.#board.note(destination, acceptedAtMs)
    const { recipient } = message
    if ((here !== 'guest' && !seeksOthers) || this.#lookupClaims.has(recipient)) return
    this.#lookups.set(recipient, Math.min(this.#lookups.get(recipient) ?? acceptedAtMs, acceptedAtMs))
  }

  /** Looks again when these are due: an operator changed that, or took something away. */
  noteChanged(destinations: readonly Destination[], recipients: readonly IdentityKey[]): void {
    this.#board.reschedule(destinations)
    for (const recipient of recipients) this.#rescheduleLookup(recipient)
  }

  async claim(limits: Limits): Promise<OutboxClaim | null> {
    while (this.#expiring !== null) await this.#expiring
    return this.#claim(limits)
  }

  nextDueAtMs(): Promise<number | null> {
    return attempt(() => this.#nextDueAtMs())
  }

  async finishParcels(batch: ParcelBatch, ends: readonly ParcelEnd[], state: DestinationState): Promise<void> {
    if (ends.length !== batch.parcels.length) throw new RangeError('each parcel needs an end')
    if (!this.#board.isHeld(batch)) return
    await this.#writes.finishParcels({
      destination: batch.destination,
      state: this.#board.isStateOf(batch.destination, state) ? null : state,
      ends: batch.parcels.flatMap(({ id: parcelId, again = false }, index) => {
        const end = ends[index]
        return end === undefined ? [] : [{ parcelId, end, again }]
      }),
    })
    this.#board.finish(batch, state)
    const rerouted = batch.parcels.filter((_, index) => ends[index]?.kind === 'reroute')
    for (const recipient of new Set(rerouted.map(({ message }) => message.recipient))) this.#rescheduleLookup(recipient)
  }

  async finishUnrouted(group: UnroutedGroup, ends: readonly UnroutedEnd[]): Promise<void> {
    if (ends.length !== group.messages.length) throw new RangeError('each message needs an end')
    const isNowhere = ends.some((end) => end.kind === 'routed' && !end.here && end.forwardings.length === 0)
    if (isNowhere) throw new RangeError('a route must lead somewhere')
    if (this.#lookupClaims.get(group.recipient) !== group) return
    await this.#writes.finishUnrouted({
      ends: group.messages.flatMap(({ id }, index) => {
        const end = ends[index]
        return end === undefined ? [] : [{ id, end }]
      }),
    })
    this.#lookupClaims.delete(group.recipient)
    this.#rescheduleLookup(group.recipient)
    const forwardings = ends.flatMap((end) => (end.kind === 'routed' ? end.forwardings : []))
    this.#board.reschedule(forwardings.map(({ destination }) => destination))
  }

  release(claim: OutboxClaim): void {
    if (claim.kind === 'parcels') {
      this.#board.release(claim.batch)
    } else if (this.#lookupClaims.get(claim.group.recipient) === claim.group) {
      this.#lookupClaims.delete(claim.group.recipient)
      this.#rescheduleLookup(claim.group.recipient)
    }
  }

  wake(hostKey: IdentityKey, nowMs: number): Promise<boolean> {
    return attempt(() => this.#board.wake(hostKey, nowMs))
  }

  wakeRecipient(recipient: IdentityKey, nowMs: number): Promise<boolean> {
    return attempt(() => {
      const isInHand = this.#lookupClaims.has(recipient)
      if (!isInHand && this.#rows.nextLookupAtMs(recipient) === null) return false
      this.#wokenAtMs.set(recipient, nowMs)
      this.#rescheduleLookup(recipient)
      return true
    })
  }

  async expire(acceptedBeforeMs: number): Promise<boolean> {
    const lookups = [...this.#lookupClaims.values()].flatMap(({ messages }) => messages.map(({ id }) => id))
    const inHand = { parcels: this.#board.parcelsInHand(), lookups }
    const work = this.#writes.expire({ acceptedBeforeMs, inHand })
    // What is given up meanwhile must not get into anybody's hands.
    const isOver = work.then(
      () => undefined,
      () => undefined,
    )
    this.#expiring = isOver
    await isOver
    if (this.#expiring === isOver) this.#expiring = null
    return work
  }

  undelivered(limit: number): Promise<Tracked[]> {
    return attempt(() => this.#rows.undelivered(limit))
  }

  async finishReturns(ends: readonly { readonly id: number; readonly end: ReturnEnd }[]): Promise<boolean[]> {
    const wereReturned = await this.#writes.finishReturns(ends)
    for (const [index, { end }] of ends.entries()) {
      if (wereReturned[index] === true && end.kind === 'returned' && end.notice !== null) this.noteAccepted(end.notice)
    }
    return wereReturned
  }

  delayed(acceptedBeforeMs: number, limit: number): Promise<{ messages: Tracked[]; upTo: number | null }> {
    return attempt(() => this.#rows.delayed(acceptedBeforeMs, limit))
  }

  async finishDelays(
    upTo: number,
    notices: readonly { readonly id: number; readonly notice: Placement }[],
  ): Promise<boolean[]> {
    const wereKept = await this.#writes.finishDelays(upTo, notices)
    for (const [index, { notice }] of notices.entries()) if (wereKept[index] === true) this.noteAccepted(notice)
    return wereKept
  }

  prune(before: { settledBeforeMs: number; bodiesBeforeMs: number }): Promise<boolean> {
    return this.#writes.prune(before)
  }

  counts(): Promise<OutboxCounts> {
    return attempt(() => this.#rows.counts())
  }

  #claim({ nowMs, longestWaitMs, ...most }: Limits): OutboxClaim | null {
    const limits = { ...most, nowMs, latestMs: nowMs + longestWaitMs }
    this.#keepTime(limits)
    for (;;) {
      // What is noted as due may have gone meanwhile: then it is noted anew, and the next one is tried.
      const parcels = this.#board.first()
      const lookup = this.#lookups.peek()
      const parcelsAtMs = parcels?.atMs ?? Infinity
      const lookupAtMs = lookup?.atMs ?? Infinity
      if (Math.min(parcelsAtMs, lookupAtMs) > nowMs) return null
      if (parcels !== null && parcelsAtMs <= lookupAtMs) {
        const batch = this.#board.claim(parcels.key, limits)
        if (batch !== null) return { kind: 'parcels', batch }
      } else if (lookup !== null) {
        const group = this.#claimLookups(lookup.key as IdentityKey, limits)
        if (group !== null) return { kind: 'unrouted', group }
      }
    }
  }

  #nextDueAtMs(): number | null {
    const parcelsAtMs = this.#board.nextDueAtMs()
    for (;;) {
      const lookup = this.#lookups.peek()
      if (lookup === null || lookup.atMs >= (parcelsAtMs ?? Infinity)) return parcelsAtMs
      this.#rescheduleLookup(lookup.key as IdentityKey)
      if (this.#lookups.get(lookup.key) === lookup.atMs) return lookup.atMs
    }
  }

  /** At the first claim, and when the clock was set back, what waits for too late a time becomes due. */
  #keepTime({ nowMs, latestMs }: DueLimits): void {
    const wasSetBack = nowMs < this.#nowMs
    this.#nowMs = nowMs
    this.#latestMs = latestMs
    this.#board.waitNoLongerThan(latestMs, wasSetBack)
    if (wasSetBack) for (const key of this.#lookups.after(latestMs)) this.#rescheduleLookup(key as IdentityKey)
  }

  #claimLookups(recipient: IdentityKey, limits: DueLimits): UnroutedGroup | null {
    const wokenAtMs = this.#wokenAtMs.get(recipient)
    const nowMs = wokenAtMs === undefined ? limits.nowMs : heldUntilMs - 1
    const messages = this.#rows.dueLookups(recipient, { ...limits, nowMs })
    if (messages.length < limits.maxMessages) this.#wokenAtMs.delete(recipient)
    if (messages.length === 0) {
      this.#rescheduleLookup(recipient)
      return null
    }
    const group = { recipient, messages }
    this.#lookupClaims.set(recipient, group)
    this.#lookups.set(recipient, null)
    return group
  }

  #rescheduleLookup(recipient: IdentityKey): void {
    if (this.#lookupClaims.has(recipient)) return
    const atMs = this.#rows.nextLookupAtMs(recipient)
    if (atMs === null) this.#wokenAtMs.delete(recipient)
    const dueAtMs = atMs === null ? null : Math.min(atMs, this.#wokenAtMs.get(recipient) ?? Infinity)
    this.#lookups.set(recipient, dueAtMs !== null && dueAtMs > this.#latestMs ? 0 : dueAtMs)
  }
}
