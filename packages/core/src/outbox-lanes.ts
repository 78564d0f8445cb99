import { longestRetryAfterMs } from './circuit-breaker.ts'
import { deliverParcels } from './deliver-parcels.ts'
import type { OutboxDeps } from './outbox-deps.ts'
import type { OutboxClaim } from './ports/outbox-store.ts'
import { routeMessages } from './route-messages.ts'

const pauseAfterFaultMs = 1_000

/**
 * Delivers what is due until `signal` aborts; what is in hand is finished first. Delivery is at least once: a crash before
 * an end is written down sends again, and the receiver's memory absorbs it.
 */
export async function runOutboxLanes(deps: OutboxDeps, signal: AbortSignal): Promise<void> {
  const { outbox, alarm, clock, options, events } = deps
  const busy = new Set<Promise<void>>()
  while (!signal.aborted) {
    try {
      const { maxMessages, maxBytes, backoff, unroutedBackoff } = options
      const longestWaitMs = Math.max(backoff.mostMs, unroutedBackoff.mostMs, longestRetryAfterMs)
      const isFull = busy.size >= options.lanes
      const claim = isFull ? null : await outbox.claim({ nowMs: clock.nowMs(), longestWaitMs, maxMessages, maxBytes })
      if (claim === null) {
        await alarm.until(isFull ? null : await outbox.nextDueAtMs(), signal)
        continue
      }
      const work = runClaim(claim, deps, signal).finally(() => {
        busy.delete(work)
        alarm.ring()
      })
      busy.add(work)
    } catch (error) {
      events.roundFailed({ part: 'lane', error })
      await clock.until(clock.nowMs() + pauseAfterFaultMs, signal)
    }
  }
  await Promise.all(busy)
}

/** Never rejects: a store that fails leaves the rows as they were, and the claim is given back after a pause. */
async function runClaim(claim: OutboxClaim, deps: OutboxDeps, signal: AbortSignal): Promise<void> {
  try {
    if (claim.kind === 'parcels') await deliverParcels(claim.batch, deps, signal)
    else await routeMessages(claim.group, deps, signal)
  } catch (error) {
    deps.events.roundFailed({ part: 'lane', error })
    await deps.clock.until(deps.clock.nowMs() + pauseAfterFaultMs, signal)
    deps.outbox.release(claim)
  }
}
