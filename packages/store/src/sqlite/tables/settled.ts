import { messageEnd, parcelState } from '../row-codes.ts'
import type { WriterContext } from '../writer-context.ts'
import { deleteOutgoing, parcelRange, parcelsOf, type OutgoingRow } from './outgoing.ts'

/**
 * Writes how it stands. When nothing of it waits any more it has its end, `delivered` where one host has it, this one
 * included; else its sender is to be told, and it is marked with the reason. What sought other homes and has none goes.
 */
export function settleOutgoing(context: WriterContext, row: OutgoingRow, nowMs: number): void {
  if (row.isSeeker && row.waiting === 0 && row.places === 0) {
    deleteOutgoing(context, row.id)
    return
  }
  const parcels = row.waiting === 0 ? parcelsOf(context, row.id) : []
  const isThere = parcels.some(({ state }) => state === parcelState.delivered)
  if (row.waiting === 0 && row.isGuest && (isThere || isListed(context, row.id))) letCopyGo(context, row)
  const isDelivered = row.waiting === 0 && (isThere || row.isHome)
  const failure = row.failure ?? parcels.find(({ state }) => state === parcelState.failed)?.reason ?? null
  context
    .sql(
      `UPDATE outgoing SET waiting = ?, places = ?, lookup_at_ms = ?, lookups = ?, failed = ?, failure = ?, ended = ?,
         settled_at_ms = ? WHERE id = ?`,
    )
    .run(
      row.waiting,
      row.places,
      row.lookupAtMs,
      row.lookups,
      row.waiting === 0 && !isDelivered ? 1 : 0,
      failure,
      isDelivered ? messageEnd.delivered : null,
      isDelivered ? nowMs : null,
      row.id,
    )
}

/** The usual end, in few statements: its only parcel was delivered. */
export function settleDelivered(context: WriterContext, row: OutgoingRow, nowMs: number): void {
  if (row.isGuest) letCopyGo(context, row)
  context
    .sql('UPDATE outgoing SET waiting = 0, ended = ?, settled_at_ms = ? WHERE id = ?')
    .run(messageEnd.delivered, nowMs, row.id)
}

/** The owner acknowledged the copy here: nobody needs to carry it any further. */
export function settleAcknowledged(context: WriterContext, id: number, nowMs: number): void {
  context
    .sql('UPDATE parcels SET state = 1, again = NULL WHERE id BETWEEN ? AND ? AND again = 1')
    .run(...parcelRange(id))
  context.sql('DELETE FROM parcels WHERE id BETWEEN ? AND ? AND state = 0').run(...parcelRange(id))
  context
    .sql(
      `UPDATE outgoing SET waiting = 0, guest_message = NULL, lookup_at_ms = NULL, failed = 0, ended = ?, settled_at_ms = ?
       WHERE id = ?`,
    )
    .run(messageEnd.acknowledged, nowMs, id)
}

/** A guest's copy becomes a message of this box like any other, and the body is kept in the outbox too. */
export function bringCopyHome(context: WriterContext, row: OutgoingRow): void {
  keepBody(context, row)
  context.sql(`UPDATE messages SET outgoing_id = NULL WHERE id = ${copyOf}`).run(row.id)
  context.sql('UPDATE outgoing SET home_message = guest_message WHERE id = ?').run(row.id)
  forgetCopy(context, row)
  row.isHome = true
}

/** A host has it, or its owner listed it here: the copy goes, unless it was listed. */
function letCopyGo(context: WriterContext, row: OutgoingRow): void {
  if (isListed(context, row.id)) {
    bringCopyHome(context, row)
    return
  }
  dropCopy(context, row)
}

/** The guest's copy goes; the body stays in the outbox. */
export function dropCopy(context: WriterContext, row: OutgoingRow): void {
  keepBody(context, row)
  context.sql(`DELETE FROM messages WHERE id = ${copyOf}`).run(row.id)
  forgetCopy(context, row)
}

/** Whether the guest's copy of a message is not to be moved away any more. */
export function isListed(context: WriterContext, id: number): boolean {
  return context.sql(`SELECT 1 FROM messages WHERE id = ${copyOf} AND stays = 1`).get(id) !== undefined
}

function keepBody(context: WriterContext, { id }: OutgoingRow): void {
  context
    .sql(`UPDATE outgoing_contents SET body = (SELECT body FROM messages WHERE id = ${copyOf}) WHERE id = ?`)
    .run(id, id)
}

function forgetCopy(context: WriterContext, row: OutgoingRow): void {
  context.sql('UPDATE outgoing SET guest_message = NULL WHERE id = ?').run(row.id)
  row.isGuest = false
}

const copyOf = '(SELECT guest_message FROM outgoing WHERE id = ?)'
