/** Wall-clock time and waiting, as a parameter, so that tests and simulations move time themselves. */
export interface Clock {
  /** Unix milliseconds. */
  nowMs(): number
  /**
   * Resolves when as much time has passed as `atMs` lies ahead (never, when null) or `signal` aborts, whichever is first. Never
   * rejects. A clock that is set back meanwhile makes nobody wait longer: `nowMs()` may then be far below `atMs`.
   */
  until(atMs: number | null, signal: AbortSignal): Promise<void>
}
