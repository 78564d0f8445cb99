import type { Placement } from '@overpost/core'
import { quotaTally } from '../tables/usage.ts'
import { moveWalk } from '../tables/walks.ts'
import type { WriterContext } from '../writer-context.ts'
import { acceptPlacements } from './accept-placements.ts'

/** Keeps notices of what still waits, and how far senders were told (`OutboxStore.finishDelays`). Returns which were kept. */
export function noteDelays(
  context: WriterContext,
  {
    upTo,
    notices,
  }: { readonly upTo: number; readonly notices: readonly { readonly id: number; readonly notice: Placement }[] },
): boolean[] {
  moveWalk(context, 'delays', upTo)
  return notices.map(({ id, notice }) => {
    if (context.sql('SELECT 1 FROM outgoing WHERE id = ? AND waiting > 0').get(id) === undefined) return false
    acceptPlacements(context, [notice], quotaTally(context, null))
    return true
  })
}
