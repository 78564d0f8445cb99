import { notePruned } from '../tables/mailboxes.ts'
import type { WriterContext } from '../writer-context.ts'

/** Deletes some of what came to a box before `beforeMs`, out of its oldest `most` messages (`MailboxStore.prune`), and notes how far that came. */
export function pruneBox(
  context: WriterContext,
  { mailboxId, beforeMs, most }: { mailboxId: number; beforeMs: number; most: number },
): number {
  const pruned = context
    .sql<[number]>(
      `DELETE FROM messages WHERE id IN (
         SELECT id FROM (
           SELECT id, received_at_ms FROM messages
           WHERE id > ? << 32 AND id < (? + 1) << 32 AND outgoing_id IS NULL ORDER BY id LIMIT ?)
         WHERE received_at_ms < ?)
       RETURNING id & 0xffffffff`,
    )
    .all(mailboxId, mailboxId, most, beforeMs)
  notePruned(context, mailboxId, Math.max(0, ...pruned.map(([sequence]) => sequence)))
  return pruned.length
}
