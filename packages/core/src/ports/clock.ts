/** Wall-clock time and waiting, as a parameter, so that tests and simulations move time themselves. */
export interface Clock {
  /** Unix milliseconds. */
  nowMs(): number
  /** Resolves when `nowMs()` has reached `atMs` (never, when null) or `signal` aborts, whichever is first. Never rejects. */
  until(atMs: number | null, signal: AbortSignal): Promise<void>
}
