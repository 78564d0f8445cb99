import type { Clock, OutboxCounts, Store } from '@overpost/core'
import { RelayError } from '@overpost/protocol'
import type { HostEvents } from './events.ts'

export interface StoreWatchDeps {
  readonly store: Pick<Store, 'outbox' | 'probe' | 'damage'>
  readonly clock: Clock
  readonly counted: (counts: OutboxCounts) => void
  readonly events: Pick<HostEvents, 'filledUp' | 'damaged'>
}

const everyMs = 5_000
/** While something is wrong it is asked more often, so that the end of it is soon known. */
const everyMsInTrouble = 1_000
const slowMs = 5_000

/** Knows whether the store takes writes, by writing now and then, so that whoever wants to know need not wait for it. */
export class StoreWatch {
  readonly #deps: StoreWatchDeps
  #askedAtMs: number | null = null
  #isFailing = false
  #isFull = false
  #damage: string | null = null

  constructor(deps: StoreWatchDeps) {
    this.#deps = deps
  }

  /** A write failed while it served a request: it counts until one is good. */
  failed(): void {
    this.#isFailing = true
  }

  /** Null when the store is well. A full one is: it serves readers, who make room. */
  fault(): string | null {
    if (this.#damage !== null) return 'damaged'
    if (this.#askedAtMs !== null && this.#deps.clock.nowMs() - this.#askedAtMs > slowMs) return 'no answer'
    return this.#isFailing ? 'writes fail' : null
  }

  /** Asks until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    while (!signal.aborted) {
      this.#askedAtMs = clock.nowMs()
      await this.#ask()
      this.#askedAtMs = null
      const isInTrouble = this.#isFailing || this.#isFull
      await clock.until(clock.nowMs() + (isInTrouble ? everyMsInTrouble : everyMs), signal)
    }
  }

  /** Gives up what is only kept in case another host asks for it again: the bodies of what was delivered. */
  async #makeRoom(): Promise<void> {
    const before = { settledBeforeMs: 0, bodiesBeforeMs: this.#deps.clock.nowMs() }
    while (await this.#deps.store.outbox.prune(before));
  }

  async #ask(): Promise<void> {
    const { store, counted, events } = this.#deps
    try {
      const isFull = await store.probe().then(() => false, isNoRoom)
      if (isFull !== this.#isFull) events.filledUp({ isFull })
      this.#isFull = isFull
      if (isFull) await this.#makeRoom()
      counted(await store.outbox.counts())
      this.#isFailing = false
    } catch {
      this.#isFailing = true
    }
    const what = store.damage()
    if (what !== null && this.#damage === null) events.damaged({ what })
    this.#damage = what
  }
}

/** Whether that is all that is wrong. */
function isNoRoom(error: unknown): boolean {
  if (error instanceof RelayError && error.code === 'ERR_STORAGE_FULL') return true
  throw error
}
