import { BoundedMap, type Alarm, type Clock, type OutboxStore } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'

export interface DestinationWakerDeps {
  readonly outbox: Pick<OutboxStore, 'wake'>
  readonly alarm: Pick<Alarm, 'ring'>
  readonly clock: Pick<Clock, 'nowMs'>
  /** Told when the store could not be asked; the mail then waits for its own time. */
  readonly failed: (error: unknown) => void
}

const mostKeys = 100_000
const pauseMs = 1_000

/**
 * Makes mail for a host due when that host calls us: then it is back. Everybody's call costs a look into a map. The store is
 * asked for hosts that failed, once a second at most, and once for any other key after a start, as the outbox may remember
 * failures from before.
 */
export class DestinationWaker {
  readonly #deps: DestinationWakerDeps
  readonly #askedAtMs = new BoundedMap<IdentityKey, number>(mostKeys)
  readonly #failing = new BoundedMap<IdentityKey, true>(mostKeys)

  constructor(deps: DestinationWakerDeps) {
    this.#deps = deps
  }

  /** An authenticated call of `key` came in. */
  called(key: IdentityKey): void {
    const askedAtMs = this.#askedAtMs.get(key)
    if (askedAtMs !== undefined && this.#failing.get(key) === undefined) return
    const { outbox, alarm, clock, failed } = this.#deps
    const nowMs = clock.nowMs()
    if (askedAtMs !== undefined && Math.abs(nowMs - askedAtMs) < pauseMs) return
    this.#askedAtMs.set(key, nowMs)
    outbox.wake(key, nowMs).then((wasWaiting) => {
      if (wasWaiting) alarm.ring()
    }, failed)
  }

  /** A call to `key` failed, and what is for it now waits. */
  attemptFailed(key: IdentityKey): void {
    this.#failing.set(key, true)
  }

  /** A call to `key` was good. */
  delivered(key: IdentityKey): void {
    this.#failing.delete(key)
  }
}
