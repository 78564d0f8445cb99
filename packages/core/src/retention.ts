import type { Clock } from './ports/clock.ts'
import type { CoreEvents } from './ports/events.ts'
import type { MailboxStore } from './ports/mailbox-store.ts'
import { pruneBoxes, type BoxRetention } from './prune-boxes.ts'

export interface RetentionDeps {
  readonly store: Pick<MailboxStore, 'forget' | 'boxes' | 'prune'>
  readonly clock: Clock
  readonly events: Pick<CoreEvents, 'roundFailed' | 'pruned'>
  /** How long forward ids and envelopes are remembered. */
  readonly memoryMs: number
  readonly daysFor: BoxRetention
  readonly everyMs: number
}

/** Forgets forward ids and envelopes that are too old to be taken again, and prunes boxes, in small steps, until `signal` aborts. */
export async function runRetention(deps: RetentionDeps, signal: AbortSignal): Promise<void> {
  const { store, clock, events, memoryMs, everyMs } = deps
  while (!signal.aborted) {
    try {
      let isMoreLeft = true
      while (isMoreLeft) isMoreLeft = await store.forget(clock.nowMs() - memoryMs)
      await pruneBoxes(deps, signal)
    } catch (error) {
      events.roundFailed({ part: 'retention', error })
    }
    await clock.until(clock.nowMs() + everyMs, signal)
  }
}
