import type { BoxName } from '@overpost/protocol'
import type { Clock } from './ports/clock.ts'
import type { CoreEvents } from './ports/events.ts'
import type { BoxAge, MailboxStore } from './ports/mailbox-store.ts'

const dayMs = 24 * 60 * 60 * 1000
/** Small steps, so that nothing else waits long for the store. */
const boxesPerLook = 500
const messagesPerStep = 500

/** For how many days a box keeps what nobody acknowledges; null: for good. */
export type BoxRetention = (box: BoxName) => number | null

export interface PruneDeps {
  readonly store: Pick<MailboxStore, 'boxes' | 'prune'>
  readonly clock: Pick<Clock, 'nowMs'>
  readonly events: Pick<CoreEvents, 'pruned'>
  readonly daysFor: BoxRetention
}

/** Removes once, from all boxes, what has waited for longer than they keep it. Ends early when `signal` aborts. */
export async function pruneBoxes(deps: PruneDeps, signal: AbortSignal): Promise<void> {
  let after = 0
  while (!signal.aborted) {
    const boxes = await deps.store.boxes(after, boxesPerLook)
    for (const box of boxes) await pruneBox(box, deps, signal)
    const last = boxes.at(-1)
    if (last === undefined || boxes.length < boxesPerLook) return
    after = last.id
  }
}

async function pruneBox(
  { id, box, oldestMs }: BoxAge,
  { store, clock, events, daysFor }: PruneDeps,
  signal: AbortSignal,
): Promise<void> {
  const days = daysFor(box)
  if (days === null || oldestMs === null) return
  const beforeMs = clock.nowMs() - days * dayMs
  let pruned = oldestMs < beforeMs ? messagesPerStep : 0
  while (pruned === messagesPerStep && !signal.aborted) {
    pruned = await store.prune(id, beforeMs, messagesPerStep)
    if (pruned > 0) events.pruned({ messages: pruned })
  }
}
