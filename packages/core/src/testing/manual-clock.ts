import type { Clock } from '../ports/clock.ts'

interface Sleeper {
  atMs: number | null
  readonly wake: () => void
}

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #nowMs: number
  readonly #sleepers = new Set<Sleeper>()

  constructor(nowMs = 1_700_000_000_000) {
    this.#nowMs = nowMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  until(atMs: number | null, signal: AbortSignal): Promise<void> {
    if (signal.aborted || (atMs !== null && atMs <= this.#nowMs)) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(sleeper)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      const sleeper = { atMs, wake }
      this.#sleepers.add(sleeper)
      signal.addEventListener('abort', wake)
    })
  }

  /** Moves on by `ms` and wakes whoever waited for a time that has come, the earliest first. */
  advance(ms: number): void {
    this.advanceTo(this.#nowMs + ms)
  }

  /** Moves to `atMs`, which may also lie in the past, as clocks are set back too: no time passes then. */
  advanceTo(atMs: number): void {
    const backMs = Math.max(0, this.#nowMs - atMs)
    for (const sleeper of this.#sleepers) if (sleeper.atMs !== null) sleeper.atMs -= backMs
    this.#nowMs = atMs
    const due = [...this.#sleepers].filter((sleeper) => sleeper.atMs !== null && sleeper.atMs <= atMs)
    for (const sleeper of due.toSorted((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0))) sleeper.wake()
  }

  /** How many wait, for a time or for nothing but their signal. */
  get waiting(): number {
    return this.#sleepers.size
  }

  /** The earliest time that somebody waits for, in Unix ms; null when nobody does. */
  get nextWakeAtMs(): number | null {
    const times = [...this.#sleepers].flatMap(({ atMs }) => (atMs === null ? [] : [atMs]))
    return times.length === 0 ? null : Math.min(...times)
  }
}
