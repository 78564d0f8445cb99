import { deleteOutgoing } from '../tables/outgoing.ts'
import { notePruned } from '../tables/mailboxes.ts'
import { moveWalk, walkPosition } from '../tables/walks.ts'
import type { WriterContext } from '../writer-context.ts'

const step = 1_000

/** Deletes some of what was settled long ago, and some bodies of the rest (`OutboxStore.prune`). Returns whether more is left. */
export function pruneSettled(
  context: WriterContext,
  { settledBeforeMs, bodiesBeforeMs }: { readonly settledBeforeMs: number; readonly bodiesBeforeMs: number },
): boolean {
  const old = context
    .sql<[number]>('SELECT id FROM outgoing WHERE settled_at_ms < ? ORDER BY settled_at_ms LIMIT ?')
    .all(settledBeforeMs, step)
  for (const [id] of old) deleteOutgoing(context, id)
  const isMovedLeft = forgetMoved(context, settledBeforeMs)
  return dropBodies(context, bodiesBeforeMs) || old.length === step || isMovedLeft
}

/** What was moved counts as what retention removed from then on: its box keeps how far that came. */
function forgetMoved(context: WriterContext, beforeMs: number): boolean {
  const old = context
    .sql<[number, number]>(
      `DELETE FROM moved_messages
       WHERE id IN (SELECT id FROM moved_messages WHERE moved_at_ms < ? ORDER BY moved_at_ms LIMIT ?)
       RETURNING id >> 32, id & 0xffffffff`,
    )
    .all(beforeMs, step)
  const furthest = new Map<number, number>()
  for (const [mailboxId, sequence] of old) furthest.set(mailboxId, Math.max(sequence, furthest.get(mailboxId) ?? 0))
  for (const [mailboxId, sequence] of furthest) notePruned(context, mailboxId, sequence)
  return old.length === step
}

/** Goes by the time of settling, so that each is met once. */
function dropBodies(context: WriterContext, beforeMs: number): boolean {
  const fromMs = walkPosition(context, 'bodies')
  if (fromMs >= beforeMs) return false
  const boundary = context
    .sql<[number]>(
      `SELECT settled_at_ms FROM outgoing WHERE settled_at_ms >= ? AND settled_at_ms < ? ORDER BY settled_at_ms
       LIMIT 1 OFFSET ?`,
    )
    .get(fromMs, beforeMs, step)
  const untilMs = boundary === undefined ? beforeMs : boundary[0] + 1
  context
    .sql(
      `DELETE FROM outgoing_contents
       WHERE id IN (SELECT id FROM outgoing WHERE settled_at_ms >= ? AND settled_at_ms < ?)
         AND id NOT IN (SELECT id >> 6 FROM parcels WHERE again = 1)`,
    )
    .run(fromMs, untilMs)
  moveWalk(context, 'bodies', untilMs)
  return boundary !== undefined
}
