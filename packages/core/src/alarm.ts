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
      const timer = atMs === null ? null : new AbortController()
      // One listener that is taken off again: AbortSignal.any would gather on a signal that lives as long as the host.
      let wake = (): void => undefined
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      this.#wake = wake
      signal.addEventListener('abort', wake)
      await (timer === null ? woken : Promise.race([woken, this.#clock.until(atMs, timer.signal)]))
      // A reason that is given costs no error with a stack.
      timer?.abort(null)
      signal.removeEventListener('abort', wake)
      this.#wake = null
    }
    this.#rung = false
  }
}
