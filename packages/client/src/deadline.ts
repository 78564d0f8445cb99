import { RelayClientError } from './relay-client-error.ts'

export interface Limits {
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/** Runs `work` with a signal that aborts after `timeoutMs` or with the caller's; what then fails is ERR_TIMEOUT or ERR_ABORTED. */
export async function withDeadline<T>(
  limits: Limits,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeout = AbortSignal.timeout(limits.timeoutMs)
  const signal = limits.signal === undefined ? timeout : AbortSignal.any([limits.signal, timeout])
  try {
    return await untilAborted(work(signal), signal)
  } catch (cause) {
    if (limits.signal?.aborted === true) throw new RelayClientError('ERR_ABORTED', `${what} was aborted`, { cause })
    if (timeout.aborted) {
      throw new RelayClientError('ERR_TIMEOUT', `${what} was not answered within ${limits.timeoutMs} ms`, { cause })
    }
    throw cause
  }
}

/** Wallets and chain trackers take no signal: their late results are dropped. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new Error('aborted', { cause: signal.reason }))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
