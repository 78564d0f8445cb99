import type { WriterContext } from '../writer-context.ts'

/** Deletes some of what came to a box before `beforeMs`, out of its oldest `most` messages (`MailboxStore.prune`). */
export function pruneBox(
  context: WriterContext,
  { mailboxId, beforeMs, most }: { mailboxId: number; beforeMs: number; most: number },
): number {
  return context
    .sql(
      `DELETE FROM messages WHERE id IN (
         SELECT id FROM (
           SELECT id, received_at_ms FROM messages
           WHERE id > ? << 32 AND id < (? + 1) << 32 AND outgoing_id IS NULL ORDER BY id LIMIT ?)
         WHERE received_at_ms < ?)`,
    )
    .run(mailboxId, mailboxId, most, beforeMs).changes
}
