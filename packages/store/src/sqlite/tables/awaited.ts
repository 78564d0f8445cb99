import { mostAwaitedAcknowledgements, type MessageName } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'
import type { WriterContext } from '../writer-context.ts'

/** The owner acknowledged a message that has not come yet. */
export function expectAcknowledged(context: WriterContext, owner: IdentityKey, name: MessageName, nowMs: number): void {
  const { box, sender, messageId } = name
  context
    .sql(
      `INSERT INTO awaited (owner_id, message_id, box, sender_id, noted_at_ms) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET noted_at_ms = excluded.noted_at_ms`,
    )
    .run(context.identity(owner), messageId, box, context.identity(sender), nowMs)
  context.mayAwait = true
}

/** Whether the owner acknowledged it elsewhere. Asks the table only once something was ever in it. */
export function isAwaited(
  context: WriterContext,
  owner: IdentityKey,
  { box, sender, messageId }: MessageName,
): boolean {
  context.mayAwait ??= context.sql('SELECT 1 FROM awaited LIMIT 1').get() !== undefined
  if (!context.mayAwait) return false
  const [ownerId, senderId] = [context.findIdentity(owner), context.findIdentity(sender)]
  if (ownerId === null || senderId === null) return false
  const sql = 'SELECT 1 FROM awaited WHERE owner_id = ? AND message_id = ? AND box = ? AND sender_id = ?'
  return context.sql(sql).get(ownerId, messageId, box, senderId) !== undefined
}

/** Keeps what is remembered of one owner bounded. */
export function trimAwaited(context: WriterContext, owner: IdentityKey): void {
  const ownerId = context.identity(owner)
  context
    .sql(
      `DELETE FROM awaited WHERE owner_id = ? AND noted_at_ms <= (SELECT noted_at_ms FROM awaited WHERE owner_id = ?
         ORDER BY noted_at_ms DESC LIMIT 1 OFFSET ?)`,
    )
    .run(ownerId, ownerId, mostAwaitedAcknowledgements)
}

export function forgetAwaited(context: WriterContext, beforeMs: number): void {
  context.sql('DELETE FROM awaited WHERE noted_at_ms < ?').run(beforeMs)
}
