import { RelayClientError } from './relay-client-error.ts'

const firstPauseMs = 200

export interface Retries {
  readonly attempts: number
  readonly signal: AbortSignal | undefined
  /** What to try again after; by default, all that may go through later. */
  readonly isWorthIt?: (error: RelayClientError) => boolean
}

/** Calls again what failed for now, after 200 ms, 400 ms and so on; what was refused for good, at once not. */
export async function withRetries<T>(
  { attempts, signal, isWorthIt = (error) => error.isTemporary }: Retries,
  call: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof RelayClientError && isWorthIt(error)) || attempt >= attempts) throw error
      await pause(firstPauseMs * 2 ** (attempt - 1), signal)
    }
  }
}

/** Ends early when the signal aborts: the next call then says so. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end, { once: true })
    if (signal?.aborted === true) end()
  })
}
