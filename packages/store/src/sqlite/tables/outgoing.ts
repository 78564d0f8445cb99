import type { Content, Forwarding, Message, MessageName } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'
import { wireBytes } from '../../rules/wire-bytes.ts'
import { decodeContentType, encodeContentType, encodeEnvelope, encodeRequest } from '../row-codes.ts'
import type { WriterContext } from '../writer-context.ts'
import type { LogPlace } from './messages.ts'

/** A message goes to at most so many hosts in its life: the parcels of one are a range of ids. */
export const mostPlaces = 64

/** How a message on its way out stands. */
export interface OutgoingRow {
  readonly id: number
  readonly acceptedAtMs: number
  /** A copy waits in the recipient's box here, and may be moved away. */
  isGuest: boolean
  /** It is in the recipient's box here, or was until they acknowledged it: nobody need be told of failures elsewhere. */
  isHome: boolean
  /** It was kept here, and sought other homes: it is told of by its place here. */
  readonly isSeeker: boolean
  /** Parcels that wait, and 1 while it looks for a home. */
  waiting: number
  places: number
  lookupAtMs: number | null
  lookups: number
  /** Why it can be delivered to no further home; null: it did not come to that. */
  failure: string | null
}

/** A message to one host. */
export interface ParcelRow {
  readonly id: number
  readonly state: number
  readonly hostKey: string
  readonly reason: string | null
}

/**
 * The message of that identity that waits to be forwarded, with its id. A guest's is found by its copy in the box.
 * `soughtFrom`: its place here, while it only seeks other homes.
 */
export function findOutgoing(
  context: WriterContext,
  recipient: IdentityKey,
  name: MessageName,
): (Content & { readonly id: number; readonly acceptedAtMs: number; readonly soughtFrom: LogPlace | null }) | null {
  const recipientId = context.findIdentity(recipient)
  const senderId = recipientId === null ? null : context.findIdentity(name.sender)
  if (recipientId === null || senderId === null) return null
  const row = context
    .sql<[number, string, number, number, number | null, number]>(
      `SELECT content_type, c.body, o.id, accepted_at_ms, iif(places = 0, home_message >> 32, NULL),
         home_message & 0xffffffff
       FROM outgoing o JOIN outgoing_contents c ON c.id = o.id WHERE recipient_id = ? AND message_id = ? AND box = ? AND sender_id = ?
         AND waiting > 0 AND guest_message IS NULL`,
    )
    .get(recipientId, name.messageId, name.box, senderId)
  if (row === undefined) return null
  const [contentType, body, id, acceptedAtMs, mailboxId, sequence] = row
  const soughtFrom = mailboxId === null ? null : { mailboxId, sequence }
  return { contentType: decodeContentType(contentType), body, id, acceptedAtMs, soughtFrom }
}

/** Adds a message that goes to some hosts, each at its place; `home`: where it stays here too. Returns its id. */
export function addForwarded(
  context: WriterContext,
  message: Message,
  acceptedAtMs: number,
  { forwardings, home }: { forwardings: readonly Forwarding[]; home: LogPlace | null },
): number {
  const id = context.takeOutgoingId()
  const hosts = forwardings.filter(isFirstOfItsHost)
  insertOutgoing(context, message, { id, acceptedAtMs, copy: null, parcels: hosts.length, looks: false })
  if (home !== null) noteHome(context, id, home)
  for (const [place, forwarding] of hosts.entries()) addParcel(context, { id, acceptedAtMs }, place, forwarding)
  return id
}

/** It is in its recipient's box here, to stay. */
export function noteHome(context: WriterContext, id: number, { mailboxId, sequence }: LogPlace): void {
  context.sql('UPDATE outgoing SET home_message = ? << 32 | ? WHERE id = ?').run(mailboxId, sequence, id)
}

/** Adds a message that is at home here, and looks for other homes. Its body is kept apart: here it may be acknowledged first. */
export function addSeeker(context: WriterContext, message: Message, acceptedAtMs: number, home: LogPlace): void {
  const id = context.takeOutgoingId()
  insertOutgoing(context, message, { id, acceptedAtMs, copy: null, parcels: 0, looks: true })
  noteHome(context, id, home)
}

/** Adds a message that looks for a home, while a copy of it waits here. The body stays there. */
export function addGuest(
  context: WriterContext,
  message: Message,
  id: number,
  acceptedAtMs: number,
  copy: LogPlace,
): void {
  insertOutgoing(context, message, { id, acceptedAtMs, copy, parcels: 0, looks: true })
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
    .sql<[number, number, number, number, number, number | null, number, string | null]>(
      `SELECT accepted_at_ms, guest_message IS NOT NULL, home_message IS NOT NULL, waiting, places, lookup_at_ms, lookups,
         failure
       FROM outgoing WHERE id = ?`,
    )
    .get(id)
  if (row === undefined) return null
  const [acceptedAtMs, isGuest, isHome, waiting, places, lookupAtMs, lookups, failure] = row
  return {
    id,
    acceptedAtMs,
    isGuest: isGuest === 1,
    isHome: isHome === 1,
    isSeeker: isHome === 1 && places === 0,
    waiting,
    places,
    lookupAtMs,
    lookups,
    failure,
  }
}

/** Every parcel that this message has, whatever its state. */
export function parcelsOf(context: WriterContext, id: number): ParcelRow[] {
  return context
    .sql<[number, number, Buffer, string | null]>(
      `SELECT p.id, iif(p.again = 1, 1, p.state), d.host_key, p.reason FROM parcels p JOIN destinations d ON d.id = p.destination_id
       WHERE p.id BETWEEN ? AND ?`,
    )
    .all(...parcelRange(id))
    .map(([parcelId, state, hostKey, reason]) => ({ id: parcelId, state, hostKey: hostKey.toString('hex'), reason }))
}

function insertOutgoing(
  context: WriterContext,
  message: Message,
  by: { id: number; acceptedAtMs: number; copy: LogPlace | null; parcels: number; looks: boolean },
): void {
  const { recipient, box, sender, messageId, contentType, body, envelope, request } = message
  const { id, acceptedAtMs, copy, parcels, looks } = by
  context
    .sql(
      `INSERT INTO outgoing (id, recipient_id, sender_id, box, message_id, content_type, body_bytes, envelope_at_ms,
         accepted_at_ms, guest_message, waiting, places, lookup_at_ms, lookups, failed)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ? << 32 | ?, ?, ?, ?, 0, 0)`,
    )
    .run(
      id,
      context.identity(recipient),
      context.identity(sender),
      box,
      messageId,
      encodeContentType(contentType),
      wireBytes(message),
      envelope?.timestampMs ?? null,
      acceptedAtMs,
      copy?.mailboxId ?? null,
      copy?.sequence ?? null,
      looks ? 1 : parcels,
      parcels,
      looks ? acceptedAtMs : null,
    )
  context
    .sql('INSERT INTO outgoing_contents (id, body, envelope, request) VALUES (?, ?, ?, ?)')
    .run(id, copy === null ? body : null, encodeEnvelope(envelope), encodeRequest(request))
}

/** Deletes it with all its parcels. */
export function deleteOutgoing(context: WriterContext, id: number): void {
  context.sql('DELETE FROM parcels WHERE id BETWEEN ? AND ?').run(...parcelRange(id))
  context.sql('DELETE FROM outgoing_contents WHERE id = ?').run(id)
  context.sql('DELETE FROM outgoing WHERE id = ?').run(id)
}

/** First and last id that a parcel of this message can have. */
export function parcelRange(id: number): [number, number] {
  return [id * mostPlaces, id * mostPlaces + mostPlaces - 1]
}

function isFirstOfItsHost({ destination }: Forwarding, index: number, all: readonly Forwarding[]): boolean {
  return all.findIndex((other) => other.destination.hostKey === destination.hostKey) === index
}
