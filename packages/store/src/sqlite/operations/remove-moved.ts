import type { HandoverPlace } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'
import type { WriterContext } from '../writer-context.ts'

/** Deletes what was handed over and is here still, and notes where it went (`HandoverStore.removeMoved`). Returns how many there were. */
export function removeMoved(
  context: WriterContext,
  { places, to, nowMs }: { places: readonly HandoverPlace[]; to: IdentityKey; nowMs: number },
): number {
  const toId = context.identity(to)
  const remove = context.sql('DELETE FROM messages WHERE id = ? << 32 | ?')
  const note = context.sql('INSERT INTO moved_messages (id, to_id, moved_at_ms) VALUES (? << 32 | ?, ?, ?)')
  let count = 0
  for (const { mailbox, sequence } of places) {
    if (remove.run(mailbox, sequence).changes === 0) continue
    note.run(mailbox, sequence, toId, nowMs)
    count++
  }
  return count
}
