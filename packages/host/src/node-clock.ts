import type { Clock } from '@overpost/core'

/** The longest that a Node timer waits. */
const longestTimerMs = 2 ** 31 - 1

/** The machine's clock and timers. */
export const nodeClock: Clock = {
  nowMs: () => Date.now(),
  async until(atMs, signal) {
    const endMs = atMs === null ? Infinity : performance.now() + atMs - Date.now()
    for (;;) {
      const leftMs = endMs - performance.now()
      if (signal.aborted || leftMs <= 0) return
      await pause(Math.min(Math.ceil(leftMs), longestTimerMs), signal)
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
