import type { IdentityKey } from '@overpost/protocol'
import type { Alarm } from './alarm.ts'
import { BoundedMap } from './bounded-map.ts'
import type { AcknowledgementStore } from './ports/acknowledgement-store.ts'
import type { Clock } from './ports/clock.ts'
import type { CoreEvents } from './ports/events.ts'

export interface PassageWakerDeps {
  readonly store: Pick<AcknowledgementStore, 'wakePassages'>
  readonly alarm: Pick<Alarm, 'ring'>
  readonly clock: Pick<Clock, 'nowMs'>
  readonly events: Pick<CoreEvents, 'roundFailed'>
}

const mostHosts = 10_000
const mostOfOneHost = 1_000
const pauseMs = 1_000

/**
 * Makes acknowledgements that a host missed due when that host calls us: then it is back. What is missed is known in memory, and
 * within bounds; the rest, and what was missed before a restart, goes at its own time.
 */
export class PassageWaker {
  readonly #deps: PassageWakerDeps
  readonly #missed = new BoundedMap<IdentityKey, Set<number>>(mostHosts)
  readonly #wokenAtMs = new BoundedMap<IdentityKey, number>(mostHosts)

  constructor(deps: PassageWakerDeps) {
    this.#deps = deps
  }

  /** Passage `id` was put off, and a call to `hostKey` failed. */
  missed(hostKey: IdentityKey, id: number): void {
    const ids = this.#missed.get(hostKey) ?? new Set()
    if (ids.size < mostOfOneHost) ids.add(id)
    this.#missed.set(hostKey, ids)
  }

  /** An authenticated call of `key`, a host or not, came in. A host that calls and takes nothing is tried once a second at most. */
  heardFrom(key: IdentityKey): void {
    const ids = this.#missed.get(key)
    if (ids === undefined) return
    const { store, alarm, clock, events } = this.#deps
    const nowMs = clock.nowMs()
    if (Math.abs(nowMs - (this.#wokenAtMs.get(key) ?? -Infinity)) < pauseMs) return
    this.#wokenAtMs.set(key, nowMs)
    this.#missed.delete(key)
    store.wakePassages([...ids], nowMs).then(
      () => alarm.ring(),
      (error: unknown) => events.roundFailed({ part: 'acknowledgements', error }),
    )
  }
}
