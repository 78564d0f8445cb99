import { backoffMs, type BackoffPolicy } from './backoff.ts'
import { freshDestination, type DestinationState } from './ports/outbox-store.ts'

/** A host that asks for more is asked again after this. */
export const longestRetryAfterMs = 60 * 60 * 1000

/**
 * How a destination stands after a call. A good call closes the breaker. A failed one opens it until the next attempt, which
 * is a probe: the outbox claims one parcel only while `failures` is not zero. A `retryAfterMs` that the host asked for is
 * honoured, up to an hour.
 */
export function destinationAfter(
  call: { good: true } | { good: false; reason: string; retryAfterMs: number | null },
  failuresBefore: number,
  deps: { nowMs: number; policy: BackoffPolicy; fraction: number },
): DestinationState {
  if (call.good) return freshDestination
  const waitMs = Math.max(
    backoffMs(failuresBefore, deps.policy, deps.fraction),
    Math.min(call.retryAfterMs ?? 0, longestRetryAfterMs),
  )
  return { failures: failuresBefore + 1, nextAttemptAtMs: deps.nowMs + waitMs, reason: call.reason }
}
