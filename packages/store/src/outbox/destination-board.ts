import type { Destination, DestinationState, ParcelBatch } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'
import { DueQueue } from './due-queue.ts'
import type { OutboxRows } from './outbox-rows.ts'

interface Standing {
  readonly destination: Destination
  /** As it is stored. */
  state: DestinationState
  /** The time before which nothing is claimed; earlier than the stored one when the host was woken. */
  pausedUntilMs: number
  claim: ParcelBatch | null
  /** The host called us while a call to it was under way. */
  wasWoken: boolean
}

/** How each destination stands for which something waits, or which failed: when it is due, and in whose hands it is. */
export class DestinationBoard {
  readonly #rows: Pick<OutboxRows, 'destinations' | 'destinationState' | 'nextParcelDueAtMs' | 'dueParcels'>
  readonly #standings = new Map<string, Standing>()
  readonly #keysOfHost = new Map<IdentityKey, Set<string>>()
  /** Destinations that nobody has in hand. */
  readonly #queue = new DueQueue()
  /** What waits for longer is due. */
  #latestMs = Infinity

  constructor(rows: Pick<OutboxRows, 'destinations' | 'destinationState' | 'nextParcelDueAtMs' | 'dueParcels'>) {
    this.#rows = rows
    for (const { destination, state } of rows.destinations()) {
      const key = keyOf(destination)
      this.#add(key, destination, state)
      this.#reschedule(key)
    }
  }

  /** Takes note of a parcel that was just stored. */
  note(destination: Destination, dueAtMs: number): void {
    const key = keyOf(destination)
    const standing = this.#find(key, destination)
    if (standing.claim !== null) return
    const atMs = Math.max(dueAtMs, this.#inTime(standing.pausedUntilMs))
    this.#queue.set(key, Math.min(this.#queue.get(key) ?? atMs, atMs))
  }

  /** Whatever waits for a time after `latestMs` is due from now on; `looksAgain` at what was noted before, too. */
  waitNoLongerThan(latestMs: number, looksAgain: boolean): void {
    this.#latestMs = latestMs
    if (looksAgain) for (const key of this.#queue.after(latestMs)) this.#reschedule(key)
  }

  /** Looks again when these are due. */
  reschedule(destinations: readonly Destination[]): void {
    const byKey = new Map(destinations.map((destination) => [keyOf(destination), destination]))
    for (const [key, destination] of byKey) {
      this.#find(key, destination)
      this.#reschedule(key)
    }
  }

  /** What is noted as due first. The rows may have gone meanwhile. */
  first(): { key: string; atMs: number } | null {
    return this.#queue.peek()
  }

  nextDueAtMs(): number | null {
    for (;;) {
      const first = this.#queue.peek()
      if (first === null) return null
      this.#reschedule(first.key)
      if (this.#queue.get(first.key) === first.atMs) return first.atMs
    }
  }

  /** Claims what is due for `key`; null, and another time is noted, when nothing is. */
  claim(key: string, limits: Parameters<OutboxRows['dueParcels']>[1]): ParcelBatch | null {
    const standing = this.#standings.get(key)
    if (standing === undefined) {
      this.#queue.set(key, null)
      return null
    }
    const { destination, state } = standing
    const maxMessages = state.failures > 0 ? 1 : limits.maxMessages
    const parcels = this.#rows.dueParcels(destination, { ...limits, maxMessages })
    if (parcels.length === 0) {
      this.#reschedule(key)
      return null
    }
    standing.claim = { destination, failures: state.failures, parcels }
    this.#queue.set(key, null)
    return standing.claim
  }

  isHeld(batch: ParcelBatch): boolean {
    return this.#standings.get(keyOf(batch.destination))?.claim === batch
  }

  isStateOf(destination: Destination, state: DestinationState): boolean {
    const stored = this.#standings.get(keyOf(destination))?.state
    return stored !== undefined && isEqual(stored, state)
  }

  /** The ids of all parcels that are in somebody's hands. */
  parcelsInHand(): number[] {
    return [...this.#standings.values()].flatMap(({ claim }) => claim?.parcels.map(({ id }) => id) ?? [])
  }

  /** Ends a claim, once its ends are durable. */
  finish(batch: ParcelBatch, state: DestinationState): void {
    const key = keyOf(batch.destination)
    const standing = this.#standings.get(key)
    if (standing?.claim !== batch) return
    standing.state = state
    standing.pausedUntilMs = standing.wasWoken ? 0 : state.nextAttemptAtMs
    this.#letGo(key, standing)
  }

  release(batch: ParcelBatch): void {
    const key = keyOf(batch.destination)
    const standing = this.#standings.get(key)
    if (standing?.claim === batch) this.#letGo(key, standing)
  }

  /** Ends the pause of a host. True when something was waiting for its end. */
  wake(hostKey: IdentityKey, nowMs: number): boolean {
    let didWake = false
    for (const key of [...(this.#keysOfHost.get(hostKey) ?? [])]) {
      const standing = this.#standings.get(key)
      if (standing === undefined) continue
      if (standing.claim !== null) standing.wasWoken = true
      if (standing.pausedUntilMs <= nowMs) continue
      standing.pausedUntilMs = 0
      const waitedUntilMs = this.#queue.get(key)
      this.#reschedule(key)
      const dueAtMs = this.#queue.get(key)
      if (waitedUntilMs !== null && dueAtMs !== null && dueAtMs < waitedUntilMs) didWake = true
    }
    return didWake
  }

  #letGo(key: string, standing: Standing): void {
    standing.claim = null
    standing.wasWoken = false
    this.#reschedule(key)
  }

  /** Notes when `key` is due by its rows, and lets it go when there is nothing to know about it. */
  #reschedule(key: string): void {
    const standing = this.#standings.get(key)
    if (standing === undefined || standing.claim !== null) return
    const dueAtMs = this.#rows.nextParcelDueAtMs(standing.destination)
    this.#queue.set(
      key,
      dueAtMs === null ? null : Math.max(this.#inTime(dueAtMs), this.#inTime(standing.pausedUntilMs)),
    )
    if (dueAtMs === null && standing.state.failures === 0) this.#drop(key, standing)
  }

  #inTime(atMs: number): number {
    return atMs > this.#latestMs ? 0 : atMs
  }

  #find(key: string, destination: Destination): Standing {
    return this.#standings.get(key) ?? this.#add(key, destination, this.#rows.destinationState(destination))
  }

  #add(key: string, destination: Destination, state: DestinationState): Standing {
    const standing = { destination, state, pausedUntilMs: state.nextAttemptAtMs, claim: null, wasWoken: false }
    this.#standings.set(key, standing)
    const keys = this.#keysOfHost.get(destination.hostKey) ?? new Set()
    this.#keysOfHost.set(destination.hostKey, keys.add(key))
    return standing
  }

  #drop(key: string, { destination }: Standing): void {
    this.#standings.delete(key)
    const keys = this.#keysOfHost.get(destination.hostKey)
    keys?.delete(key)
    if (keys?.size === 0) this.#keysOfHost.delete(destination.hostKey)
  }
}

function keyOf({ hostKey, origin }: Destination): string {
  return `${hostKey} ${origin}`
}

function isEqual(a: DestinationState, b: DestinationState): boolean {
  return a.failures === b.failures && a.nextAttemptAtMs === b.nextAttemptAtMs && a.reason === b.reason
}
