import type { Clock } from './ports/clock.ts'

/** Given as the reason, so that no error is made for each ring. */
const rung = 'rung'

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
      // One listener that is taken off again: AbortSignal.any would gather on a signal that lives as long as the host.
      const woken = new AbortController()
      const wake = (): void => woken.abort(rung)
      this.#wake = wake
      signal.addEventListener('abort', wake)
      await this.#clock.until(atMs, woken.signal)
      signal.removeEventListener('abort', wake)
      this.#wake = null
    }
    this.#rung = false
  }
}
