import type { Content, Message, MessageName } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'
import { listedIdFor } from '../../rules/listed-id.ts'
import { decodeContentType, encodeBoxedContentType, encodeEnvelope, encodeRequest } from '../row-codes.ts'
import type { WriterContext } from '../writer-context.ts'
import { settleAcknowledged } from './settled.ts'

/** A message's place in the logs: SQL makes its row id of the two, which is more than a JavaScript number holds. */
export interface LogPlace {
  readonly mailboxId: number
  readonly sequence: number
}

/** A message that waits here. */
export interface MessageRow extends LogPlace {
  readonly outgoingId: number | null
}

/** What is known of an identity before it is appended. */
export interface Found {
  /** The message of that identity that waits here. */
  readonly same: (Content & MessageRow & { readonly receivedAtMs: number }) | null
  /** Its owner lists nothing by that id for sure. */
  readonly isIdFree: boolean
}

/** Appends to the recipient's box. `outgoingId`: the copy is a guest's. */
export function appendMessage(
  context: WriterContext,
  message: Message,
  by: { receivedAtMs: number; originId: number | null; outgoingId: number | null; isIdFree: boolean },
): LogPlace {
  const { recipient, box, sender, messageId, body, envelope, request } = message
  const { id: mailboxId, ownerId, lastSequence: sequence } = context.takeSequence(recipient, box)
  const listedId = by.isIdFree ? messageId : listedIdFor(message, (id) => findListed(context, ownerId, id) !== null)
  context
    .sql(
      `INSERT INTO messages (id, owner_id, mailbox_id, sender_id, message_id, listed_id, content_type, body,
         received_at_ms, origin_id, envelope_at_ms, envelope, request, outgoing_id, stays)
       VALUES (? << 32 | ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
    )
    .run(
      mailboxId,
      sequence,
      ownerId,
      mailboxId,
      context.identity(sender),
      messageId,
      listedId === messageId ? null : listedId,
      encodeBoxedContentType(message),
      body,
      by.receivedAtMs,
      by.originId,
      envelope?.timestampMs ?? null,
      encodeEnvelope(envelope),
      // Where the sender handed it in, nobody needs to be shown how.
      by.originId === null ? null : encodeRequest(request),
      by.outgoingId,
    )
  return { mailboxId, sequence }
}

/** Looks for the message of an identity, and whether the id is in use at all, which it mostly is not. */
export function findMessage(context: WriterContext, recipient: IdentityKey, name: MessageName): Found {
  const { box, sender, messageId } = name
  const ownerId = context.findIdentity(recipient)
  if (ownerId === null) return { same: null, isIdFree: true }
  const isUsed = context
    .sql('SELECT 1 FROM messages WHERE owner_id = ? AND message_id = ? LIMIT 1')
    .get(ownerId, messageId)
  if (isUsed === undefined) return { same: null, isIdFree: !canBeMade(messageId) }
  const mailbox = context.findMailbox(recipient, box)
  const senderId = mailbox === null ? null : context.findIdentity(sender)
  if (mailbox === null || senderId === null) return { same: null, isIdFree: false }
  const row = context
    .sql<[number, number, string, number, number | null]>(
      `SELECT id & 0xffffffff, content_type, body, received_at_ms, outgoing_id FROM messages
       WHERE owner_id = ? AND message_id = ? AND mailbox_id = ? AND sender_id = ?`,
    )
    .get(ownerId, messageId, mailbox.id, senderId)
  if (row === undefined) return { same: null, isIdFree: false }
  const [sequence, contentType, body, receivedAtMs, outgoingId] = row
  const place = { mailboxId: mailbox.id, sequence, outgoingId, receivedAtMs }
  return { same: { ...place, contentType: decodeContentType(contentType), body }, isIdFree: false }
}

/** The message that its owner sees by that id. */
export function findListed(context: WriterContext, ownerId: number, listedId: string): MessageRow | null {
  const columns = 'SELECT mailbox_id, id & 0xffffffff, outgoing_id FROM messages'
  const plain = `${columns} WHERE owner_id = ? AND message_id = ? AND listed_id IS NULL`
  const other = `${columns} WHERE owner_id = ? AND listed_id = ?`
  const row =
    context.sql<[number, number, number | null]>(plain).get(ownerId, listedId) ??
    (canBeMade(listedId) ? context.sql<[number, number, number | null]>(other).get(ownerId, listedId) : undefined)
  return row === undefined ? null : { mailboxId: row[0], sequence: row[1], outgoingId: row[2] }
}

/** As {@link acknowledgeMessage}, of what its owner sees by those ids. How many there were. */
export function acknowledgeListed(
  context: WriterContext,
  ownerId: number,
  listedIds: readonly string[],
  nowMs: number,
): number {
  // Most are nobody's guest and are listed by their own id: those go at once, in the order of the index, in half the time.
  const gone = context
    .sql(
      `DELETE FROM messages WHERE owner_id = ? AND message_id IN (SELECT value FROM json_each(?))
         AND listed_id IS NULL AND outgoing_id IS NULL`,
    )
    .run(ownerId, JSON.stringify(listedIds))
  let count = gone.changes
  if (count >= listedIds.length) return count
  for (const listedId of new Set(listedIds)) {
    const row = findListed(context, ownerId, listedId)
    if (row === null) continue
    acknowledgeMessage(context, row, nowMs)
    count += 1
  }
  return count
}

/** Its owner has it: the row goes, and, of a guest, all that would carry it elsewhere. */
export function acknowledgeMessage(
  context: WriterContext,
  { mailboxId, sequence, outgoingId }: MessageRow,
  nowMs: number,
): void {
  context.sql('DELETE FROM messages WHERE id = ? << 32 | ?').run(mailboxId, sequence)
  if (outgoingId !== null) settleAcknowledged(context, outgoingId, nowMs)
}

/** A guest's copy is not moved away any more. False when it is gone already. */
export function keepMessage(context: WriterContext, { mailboxId, sequence }: LogPlace): boolean {
  return context.sql('UPDATE messages SET stays = 1 WHERE id = ? << 32 | ?').run(mailboxId, sequence).changes > 0
}

/** Listed ids that differ from the message's own were made here, and all of those have this mark. */
function canBeMade(id: string): boolean {
  return id.includes('~')
}
