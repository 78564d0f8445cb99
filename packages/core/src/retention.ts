import type { Clock } from './ports/clock.ts'
import type { CoreEvents } from './ports/events.ts'
import type { MailboxStore } from './ports/mailbox-store.ts'
import type { OutboxStore } from './ports/outbox-store.ts'
import { pruneBoxes, type BoxRetention } from './prune-boxes.ts'

export interface RetentionDeps {
  readonly store: Pick<MailboxStore, 'forget' | 'boxes' | 'prune'>
  readonly outbox: Pick<OutboxStore, 'prune'>
  readonly clock: Clock
  /** By which what is kept grows old. */
  readonly ages: Pick<Clock, 'nowMs'>
  readonly events: Pick<CoreEvents, 'roundFailed' | 'pruned'>
  /** How long forward ids and envelopes are remembered, and what became of messages. */
  readonly memoryMs: number
  /** How long the bodies of settled messages are kept, for a host that lost them. */
  readonly bodiesMs: number
  readonly daysFor: BoxRetention
  readonly everyMs: number
}

/** Forgets what is too old to be taken or asked for again, and prunes boxes, in small steps, until `signal` aborts. */
export async function runRetention(deps: RetentionDeps, signal: AbortSignal): Promise<void> {
  const { store, outbox, clock, ages, events, memoryMs, bodiesMs, everyMs } = deps
  while (!signal.aborted) {
    try {
      const nowMs = ages.nowMs()
      const before = { settledBeforeMs: nowMs - memoryMs, bodiesBeforeMs: nowMs - bodiesMs }
      await inSteps(() => store.forget(nowMs - memoryMs), signal)
      await inSteps(() => outbox.prune(before), signal)
      await pruneBoxes({ ...deps, clock: ages }, signal)
    } catch (error) {
      events.roundFailed({ part: 'retention', error })
    }
    await clock.until(clock.nowMs() + everyMs, signal)
  }
}

/** Until a step says that nothing is left. */
async function inSteps(step: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  let isMoreLeft = true
  while (isMoreLeft && !signal.aborted) isMoreLeft = await step()
}
