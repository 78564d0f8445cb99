import type { Forwarding, Message, UnroutedEnd } from '@overpost/core'
import type { BoxName, IdentityKey, MessageId } from '@overpost/protocol'
import { heldUntilMs } from '../../outbox/queue-rows.ts'
import type { LookupEnds } from '../../outbox/outbox-rows.ts'
import { isSameContent } from '../../rules/is-same-content.ts'
import { decodeContentType, decodeEnvelope, parcelState } from '../row-codes.ts'
import { appendMessage, findMessage } from '../tables/messages.ts'
import { addParcel, mostPlaces, noteHome, parcelsOf, readOutgoing, type OutgoingRow } from '../tables/outgoing.ts'
import { bringCopyHome, settleOutgoing } from '../tables/settled.ts'
import type { WriterContext } from '../writer-context.ts'

/** Ends a claim on messages that look for a home (`OutboxStore.finishUnrouted`). Those that are gone are passed over. */
export function finishUnrouted(context: WriterContext, { ends, nowMs }: LookupEnds & { readonly nowMs: number }): void {
  for (const { id, end } of ends) {
    const outgoing = readOutgoing(context, id)
    if (outgoing?.lookupAtMs != null) endLookup(context, outgoing, end, nowMs)
  }
}

function endLookup(context: WriterContext, outgoing: OutgoingRow, end: UnroutedEnd, nowMs: number): void {
  if (end.kind === 'postponed') {
    context
      .sql(
        `UPDATE outgoing SET lookup_at_ms = iif(lookup_at_ms = ${heldUntilMs}, lookup_at_ms, ?), lookups = lookups + ?,
           reason = ? WHERE id = ?`,
      )
      .run(end.atMs, end.counts ? 1 : 0, end.reason, outgoing.id)
    return
  }
  outgoing.lookupAtMs = null
  outgoing.waiting--
  if (end.kind === 'failed') {
    outgoing.failure = end.reason
  } else {
    outgoing.lookups = 0
    if (end.here) bringHome(context, outgoing)
    forward(context, outgoing, end.forwardings)
  }
  settleOutgoing(context, outgoing, nowMs)
}

/** This host is a home of the recipient: the guest's copy stays, or one is made, unless it is here or was acknowledged here. */
export function bringHome(context: WriterContext, outgoing: OutgoingRow): void {
  if (outgoing.isHome) return
  if (outgoing.isGuest) {
    bringCopyHome(context, outgoing)
    return
  }
  const message = readMessage(context, outgoing.id)
  const { same, isIdFree } = findMessage(context, message.recipient, message)
  if (same !== null && !isSameContent(same, message)) {
    outgoing.failure = 'ERR_DUPLICATE_MESSAGE'
    return
  }
  const by = { receivedAtMs: outgoing.acceptedAtMs, originId: null, outgoingId: null, isIdFree }
  noteHome(context, outgoing.id, same ?? appendMessage(context, message, by))
  outgoing.isHome = true
}

/** A parcel for each host that has none of this message; the old one for a host that it was rerouted from. */
function forward(context: WriterContext, outgoing: OutgoingRow, forwardings: readonly Forwarding[]): void {
  const known = new Map(parcelsOf(context, outgoing.id).map((parcel) => [parcel.hostKey, parcel]))
  for (const forwarding of forwardings) {
    const { hostKey } = forwarding.destination
    const parcel = known.get(hostKey)
    if (parcel?.state === parcelState.rerouted) {
      context
        .sql('UPDATE parcels SET destination_id = ?, state = 0, due_at_ms = ? WHERE id = ?')
        .run(context.destination(forwarding.destination), outgoing.acceptedAtMs, parcel.id)
    } else if (parcel !== undefined) {
      continue
    } else if (outgoing.places >= mostPlaces) {
      outgoing.failure = 'too many hosts'
      continue
    } else {
      addParcel(context, outgoing, outgoing.places++, forwarding)
    }
    outgoing.waiting++
    known.set(hostKey, { id: 0, hostKey, state: parcelState.waiting, reason: null })
  }
}

function readMessage(context: WriterContext, id: number): Message {
  const row = context
    .sql<[Buffer, Buffer, string, string, number, string, number | null, Buffer | null]>(
      `SELECT r.key, s.key, box, message_id, content_type, body, envelope_at_ms, envelope
       FROM outgoing o JOIN outgoing_contents c ON c.id = o.id JOIN identities r ON r.id = o.recipient_id JOIN identities s ON s.id = o.sender_id WHERE o.id = ?`,
    )
    .get(id)
  if (row === undefined) throw new Error('a message on its way out is gone')
  const [recipient, sender, box, messageId, contentType, body, envelopeAtMs, envelope] = row
  return {
    recipient: recipient.toString('hex') as IdentityKey,
    sender: sender.toString('hex') as IdentityKey,
    box: box as BoxName,
    messageId: messageId as MessageId,
    contentType: decodeContentType(contentType),
    body,
    envelope: decodeEnvelope(envelopeAtMs, envelope),
    request: null, // it is brought to a box here, where nobody needs to be shown it
  }
}
