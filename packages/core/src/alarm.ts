import type { Clock } from './ports/clock.ts'

/** Wakes one loop, early when rung. A ring that comes while nobody waits is remembered. */
export class Alarm {
  readonly #clock: Clock
  #rung = false
  #wake: (() => void) | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  /** Resolves at `atMs` (Unix ms; null: never), at a ring, even one that came first, or when `signal` aborts. */
  async until(atMs: number | null, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      const woken = new AbortController()
      this.#wake = () => woken.abort()
      await this.#clock.until(atMs, AbortSignal.any([signal, woken.signal]))
      this.#wake = null
    }
    this.#rung = false
  }
}
