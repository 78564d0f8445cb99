import type { Clock } from '@overpost/core'

/** The longest that a Node timer waits. */
const longestTimerMs = 2 ** 31 - 1

/** The machine's clock and timers. */
export const nodeClock: Clock = {
  nowMs: () => Date.now(),
  async until(atMs, signal) {
    while (!signal.aborted && (atMs === null || Date.now() < atMs)) {
      await pause(atMs === null ? longestTimerMs : Math.min(atMs - Date.now(), longestTimerMs), signal)
    }
  },
}

/** Resolves after `ms`, or when `signal` aborts. Never rejects. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
