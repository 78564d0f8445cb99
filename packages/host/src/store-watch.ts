import type { Clock, OutboxCounts, Store } from '@overpost/core'

export interface StoreWatchDeps {
  readonly store: Pick<Store, 'outbox' | 'mailboxes'>
  readonly clock: Clock
  readonly counted: (counts: OutboxCounts) => void
}

const everyMs = 5_000
const slowMs = 5_000
/** A write that failed counts for so long. */
const faultMs = 15_000

/** Knows whether the store takes writes, by asking it now and then, so that whoever wants to know need not wait for it. */
export class StoreWatch {
  readonly #deps: StoreWatchDeps
  #askedAtMs: number | null = null
  #faultUntilMs = 0

  constructor(deps: StoreWatchDeps) {
    this.#deps = deps
  }

  /** A write failed while it served a request. */
  failed(): void {
    this.#faultUntilMs = this.#deps.clock.nowMs() + faultMs
  }

  /** Null when the store is well. */
  fault(): string | null {
    const nowMs = this.#deps.clock.nowMs()
    if (this.#askedAtMs !== null && nowMs - this.#askedAtMs > slowMs) return 'no answer'
    return nowMs < this.#faultUntilMs ? 'writes fail' : null
  }

  /** Asks until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { store, clock, counted } = this.#deps
    while (!signal.aborted) {
      this.#askedAtMs = clock.nowMs()
      try {
        // Forgets nothing, but goes the way of a write.
        await store.mailboxes.forget(0)
        counted(await store.outbox.counts())
      } catch {
        this.failed()
      }
      this.#askedAtMs = null
      await clock.until(clock.nowMs() + everyMs, signal)
    }
  }
}
