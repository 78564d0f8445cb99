import type { Content, Forwarding, Message, MessageName } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'
import { wireBytes } from '../../rules/wire-bytes.ts'
import { decodeContentType, encodeContentType, encodeEnvelope, encodeRequest, parcelState } from '../row-codes.ts'
import type { WriterContext } from '../writer-context.ts'
import type { LogPlace } from './messages.ts'

/** A message goes to at most so many hosts in its life: the parcels of one are a range of ids. */
export const mostPlaces = 64

/** How a message on its way out stands. */
export interface OutgoingRow {
  readonly id: number
  readonly acceptedAtMs: number
  readonly isGuest: boolean
  /** Parcels that wait, and 1 while it looks for a home. */
  waiting: number
  places: number
  lookupAtMs: number | null
  lookups: number
  /** Why no home was found; null: it did not come to that. */
  failure: string | null
}

/** A message to one host. */
export interface ParcelRow {
  readonly id: number
  readonly state: number
  readonly hostKey: string
}

/** The message of that identity that waits to be forwarded. A guest's is found by its copy in the box. */
export function findOutgoing(context: WriterContext, recipient: IdentityKey, name: MessageName): Content | null {
  const recipientId = context.findIdentity(recipient)
  const senderId = recipientId === null ? null : context.findIdentity(name.sender)
  if (recipientId === null || senderId === null) return null
  const row = context
    .sql<[number, string]>(
      `SELECT content_type, body FROM outgoing WHERE recipient_id = ? AND message_id = ? AND box = ? AND sender_id = ?
         AND waiting > 0 AND guest_message IS NULL`,
    )
    .get(recipientId, name.messageId, name.box, senderId)
  return row === undefined ? null : { contentType: decodeContentType(row[0]), body: row[1] }
}

/** Adds a message that goes to some hosts, each at its place. */
export function addForwarded(
  context: WriterContext,
  message: Message,
  acceptedAtMs: number,
  forwardings: readonly Forwarding[],
): void {
  const id = context.takeOutgoingId()
  const hosts = forwardings.filter(isFirstOfItsHost)
  insertOutgoing(context, message, { id, acceptedAtMs, copy: null, parcels: hosts.length })
  for (const [place, forwarding] of hosts.entries()) addParcel(context, { id, acceptedAtMs }, place, forwarding)
}

/** Adds a message that looks for a home, while a copy of it waits here. The body stays there. */
export function addGuest(
  context: WriterContext,
  message: Message,
  id: number,
  acceptedAtMs: number,
  copy: LogPlace,
): void {
  insertOutgoing(context, message, { id, acceptedAtMs, copy, parcels: 0 })
}

export function addParcel(
  context: WriterContext,
  outgoing: { readonly id: number; readonly acceptedAtMs: number },
  place: number,
  { destination, forwardId }: Forwarding,
): void {
  context
    .sql('INSERT INTO parcels (id, destination_id, state, due_at_ms, attempts, forward_id) VALUES (?, ?, 0, ?, 0, ?)')
    .run(
      outgoing.id * mostPlaces + place,
      context.destination(destination),
      outgoing.acceptedAtMs,
      Buffer.from(forwardId, 'hex'),
    )
}

export function readOutgoing(context: WriterContext, id: number): OutgoingRow | null {
  const row = context
    .sql<[number, number, number, number, number | null, number, number, string | null]>(
      `SELECT accepted_at_ms, guest_message IS NOT NULL, waiting, places, lookup_at_ms, lookups, failed, reason
       FROM outgoing WHERE id = ?`,
    )
    .get(id)
  if (row === undefined) return null
  const [acceptedAtMs, isGuest, waiting, places, lookupAtMs, lookups, failed, reason] = row
  const failure = failed === 1 ? (reason ?? '') : null
  return { id, acceptedAtMs, isGuest: isGuest === 1, waiting, places, lookupAtMs, lookups, failure }
}

/** Every parcel that this message has, whatever its state. */
export function parcelsOf(context: WriterContext, id: number): ParcelRow[] {
  return context
    .sql<[number, number, Buffer]>(
      `SELECT p.id, p.state, d.host_key FROM parcels p JOIN destinations d ON d.id = p.destination_id
       WHERE p.id BETWEEN ? AND ?`,
    )
    .all(...parcelRange(id))
    .map(([parcelId, state, hostKey]) => ({ id: parcelId, state, hostKey: hostKey.toString('hex') }))
}

/** Writes how it stands, or, when nothing of it waits any more, puts it away: only what failed stays. */
export function settleOutgoing(context: WriterContext, row: OutgoingRow): void {
  if (row.waiting === 0) {
    const parcels = parcelsOf(context, row.id)
    const didFail = row.failure !== null || parcels.some(({ state }) => state === parcelState.failed)
    if (row.isGuest && parcels.some(({ state }) => state === parcelState.delivered)) letCopyGo(context, row.id, didFail)
    if (!didFail) {
      withdrawOutgoing(context, row.id)
      return
    }
  }
  context
    .sql(
      'UPDATE outgoing SET waiting = ?, places = ?, lookup_at_ms = ?, lookups = ?, failed = ?, reason = ? WHERE id = ?',
    )
    .run(row.waiting, row.places, row.lookupAtMs, row.lookups, row.failure === null ? 0 : 1, row.failure, row.id)
}

/** Deletes it with all its parcels. */
export function withdrawOutgoing(context: WriterContext, id: number): void {
  context.sql('DELETE FROM parcels WHERE id BETWEEN ? AND ?').run(...parcelRange(id))
  context.sql('DELETE FROM outgoing WHERE id = ?').run(id)
}

/** A guest's copy becomes a message of this box like any other, and the body is kept here too. */
export function detachCopy(context: WriterContext, id: number): void {
  const copyId = '(SELECT guest_message FROM outgoing WHERE id = ?)'
  context.sql(`UPDATE outgoing SET body = (SELECT body FROM messages WHERE id = guest_message) WHERE id = ?`).run(id)
  context.sql(`UPDATE messages SET outgoing_id = NULL WHERE id = ${copyId}`).run(id)
  context.sql('UPDATE outgoing SET guest_message = NULL WHERE id = ?').run(id)
}

/** A host has it: the copy here goes, unless it was listed. `keepsBody`: what failed of it stays in the outbox. */
export function letCopyGo(context: WriterContext, id: number, keepsBody: boolean): void {
  const copy = context
    .sql<[number, number, number]>(
      `SELECT id >> 32, id & 0xffffffff, stays FROM messages WHERE id = (SELECT guest_message FROM outgoing WHERE id = ?)`,
    )
    .get(id)
  if (copy === undefined) return
  const [mailboxId, sequence, stays] = copy
  if (keepsBody) detachCopy(context, id)
  else context.sql('UPDATE messages SET outgoing_id = NULL WHERE id = ? << 32 | ?').run(mailboxId, sequence)
  if (stays === 0) context.sql('DELETE FROM messages WHERE id = ? << 32 | ?').run(mailboxId, sequence)
}

function insertOutgoing(
  context: WriterContext,
  message: Message,
  by: { id: number; acceptedAtMs: number; copy: LogPlace | null; parcels: number },
): void {
  const { recipient, box, sender, messageId, contentType, body, envelope, request } = message
  const { id, acceptedAtMs, copy, parcels } = by
  context
    .sql(
      `INSERT INTO outgoing (id, recipient_id, sender_id, box, message_id, content_type, body, body_bytes, envelope_at_ms,
         envelope, request, accepted_at_ms, guest_message, waiting, places, lookup_at_ms, lookups, failed)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? << 32 | ?, ?, ?, ?, 0, 0)`,
    )
    .run(
      id,
      context.identity(recipient),
      context.identity(sender),
      box,
      messageId,
      encodeContentType(contentType),
      copy === null ? body : null,
      wireBytes(message),
      envelope?.timestampMs ?? null,
      encodeEnvelope(envelope),
      encodeRequest(request),
      acceptedAtMs,
      copy?.mailboxId ?? null,
      copy?.sequence ?? null,
      copy === null ? parcels : 1,
      parcels,
      copy === null ? null : acceptedAtMs,
    )
}

function parcelRange(id: number): [number, number] {
  return [id * mostPlaces, id * mostPlaces + mostPlaces - 1]
}

function isFirstOfItsHost({ destination }: Forwarding, index: number, all: readonly Forwarding[]): boolean {
  return all.findIndex((other) => other.destination.hostKey === destination.hostKey) === index
}
