import { forgetAwaited } from '../tables/awaited.ts'
import type { WriterContext } from '../writer-context.ts'

const step = 5_000

/** Forgets some of what was made before `beforeMs`, the oldest first. Returns whether more is left to forget. */
export function forgetMemories(context: WriterContext, beforeMs: number): boolean {
  forgetAwaited(context, beforeMs)
  const isMoreLeft = forgetRequests(context, beforeMs)
  const boundary = context
    .sql<[number]>('SELECT made_at_ms FROM remembered WHERE made_at_ms < ? ORDER BY made_at_ms LIMIT 1 OFFSET ?')
    .get(beforeMs, step)
  context.sql('DELETE FROM remembered WHERE made_at_ms < ?').run(boundary === undefined ? beforeMs : boundary[0] + 1)
  return boundary !== undefined || isMoreLeft
}

function forgetRequests(context: WriterContext, beforeMs: number): boolean {
  const deleted = context
    .sql(
      `DELETE FROM remembered_requests WHERE hash IN
         (SELECT hash FROM remembered_requests WHERE received_at_ms < ? ORDER BY received_at_ms LIMIT ?)`,
    )
    .run(beforeMs, step)
  return deleted.changes === step
}
