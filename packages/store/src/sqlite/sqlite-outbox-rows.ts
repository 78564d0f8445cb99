import {
  freshDestination,
  type Destination,
  type DestinationState,
  type Message,
  type Parcel,
  type Unrouted,
} from '@overpost/core'
import type { BoxName, ForwardId, HostOrigin, IdentityKey, MessageId } from '@overpost/protocol'
import { heldUntilMs } from '../outbox/queue-rows.ts'
import type { DueLimits, OutboxRows } from '../outbox/outbox-rows.ts'
import { boundLimit } from './database.ts'
import type { ReaderContext } from './reader-context.ts'
import { readOutgoingRecord } from './sqlite-message-records.ts'
import { decodeContentType, decodeEnvelope, decodeRequest } from './row-codes.ts'

type MessageColumns = [number, number, string, string, number, string, number | null, Buffer | null, Buffer | null]

type ParcelColumns = [number, number, Buffer, number, number, number | null, ...MessageColumns]

const destinationOf = (hostKey: Buffer, origin: string): Destination => ({
  hostKey: hostKey.toString('hex') as IdentityKey,
  origin: origin as HostOrigin,
})

/** The outbox as it is committed, read in the main thread. Every question is answered from an index, whatever waits. */
export function sqliteOutboxRows(reader: ReaderContext): OutboxRows {
  const findDestination = ({ hostKey, origin }: Destination): [number, number, number, string | null] | undefined =>
    reader
      .sql<[number, number, number, string | null]>(
        'SELECT id, failures, next_attempt_at_ms, reason FROM destinations WHERE host_key = ? AND origin = ?',
      )
      .get(Buffer.from(hostKey, 'hex'), origin)

  return {
    destinations: () =>
      reader
        .sql<[Buffer, string, number, number, string | null]>(
          `SELECT host_key, origin, failures, next_attempt_at_ms, reason FROM destinations d
           WHERE failures > 0 OR EXISTS (SELECT 1 FROM parcels WHERE destination_id = d.id AND state = 0)`,
        )
        .all()
        .map(([hostKey, origin, failures, nextAttemptAtMs, reason]) => ({
          destination: destinationOf(hostKey, origin),
          state: { failures, nextAttemptAtMs, reason },
        })),

    recipients: () =>
      reader
        .sql<[number]>('SELECT DISTINCT recipient_id FROM outgoing WHERE lookup_at_ms IS NOT NULL')
        .all()
        .map(([id]) => reader.key(id)),

    destinationState(destination): DestinationState {
      const row = reader.read(() => findDestination(destination))
      if (row === undefined) return freshDestination
      const [, failures, nextAttemptAtMs, reason] = row
      return { failures, nextAttemptAtMs, reason }
    },

    nextParcelDueAtMs: (destination) =>
      reader.read(() => {
        const row = findDestination(destination)
        const sql = `SELECT min(due_at_ms) FROM parcels WHERE destination_id = ? AND state = 0 AND due_at_ms < ${heldUntilMs}`
        return row === undefined ? null : (reader.sql<[number | null]>(sql).get(row[0])?.[0] ?? null)
      }),

    dueParcels: (destination, limits) =>
      reader.read(() => {
        const row = findDestination(destination)
        if (row === undefined) return []
        // Row by row, so that no body is read that does not go along.
        const due = reader.sql<ParcelColumns>(
          `SELECT p.id, o.body_bytes, p.forward_id, p.attempts, o.accepted_at_ms, p.again, o.recipient_id, o.sender_id,
               o.box, o.message_id, o.content_type, coalesce(c.body, m.body), o.envelope_at_ms, c.envelope, c.request
             FROM parcels p JOIN outgoing o ON o.id = p.id >> 6 JOIN outgoing_contents c ON c.id = o.id
               LEFT JOIN messages m ON m.id = o.guest_message
             WHERE destination_id = ? AND state = 0 AND due_at_ms > ? AND due_at_ms <= ? ORDER BY due_at_ms, p.id ${boundLimit}`,
        )
        const taken: Parcel[] = []
        let bytes = 0
        for (const [afterMs, upToMs] of dueSpans(limits)) {
          const left = limits.maxMessages - taken.length
          for (const columns of due.iterate(row[0], afterMs, upToMs, left)) {
            bytes += columns[1]
            if (taken.length > 0 && bytes > limits.maxBytes) break
            taken.push(toParcel(reader, columns))
          }
        }
        return taken.sort((a, b) => a.id - b.id)
      }),

    nextLookupAtMs: (recipient) =>
      reader.read(() => {
        const recipientId = reader.findId(recipient)
        const sql = `SELECT min(lookup_at_ms) FROM outgoing WHERE recipient_id = ? AND lookup_at_ms < ${heldUntilMs}`
        return recipientId === null ? null : (reader.sql<[number | null]>(sql).get(recipientId)?.[0] ?? null)
      }),

    dueLookups: (recipient, limits) =>
      reader.read(() => {
        const recipientId = reader.findId(recipient)
        if (recipientId === null) return []
        const due = reader.sql<[number, number, string, string, number, number, number, number]>(
          `SELECT id, sender_id, box, message_id, accepted_at_ms, lookups,
               envelope_at_ms IS NOT NULL AND guest_message IS NULL AND home_message IS NULL, home_message IS NOT NULL
             FROM outgoing
             WHERE recipient_id = ? AND lookup_at_ms > ? AND lookup_at_ms <= ? ORDER BY lookup_at_ms, id ${boundLimit}`,
        )
        return dueSpans(limits)
          .flatMap(([afterMs, upToMs]) => due.all(recipientId, afterMs, upToMs, limits.maxMessages))
          .slice(0, limits.maxMessages)
          .map(([id, senderId, box, messageId, acceptedAtMs, attempts, isUnverified, isHome]): Unrouted => ({
            id,
            message: {
              recipient,
              box: box as BoxName,
              sender: reader.key(senderId),
              messageId: messageId as MessageId,
            },
            acceptedAtMs,
            unverified: isUnverified === 1 ? readMessage(reader, id) : null,
            isHome: isHome === 1,
            attempts,
          }))
          .toSorted((a, b) => a.id - b.id)
      }),

    undelivered: (limit) =>
      reader.read(() =>
        reader
          .sql<[number]>('SELECT id FROM outgoing WHERE failed = 1 ORDER BY id LIMIT ?')
          .all(limit)
          .flatMap(([id]) => {
            const record = readOutgoingRecord(reader, id)
            return record === null ? [] : [{ id, record }]
          }),
      ),

    delayed: (acceptedBeforeMs, limit) =>
      reader.read(() => {
        const rows = reader
          .sql<[number, number, number]>(
            `SELECT id, accepted_at_ms, waiting FROM outgoing
             WHERE id > coalesce((SELECT position FROM walks WHERE name = 'delays'), 0) ORDER BY id LIMIT ?`,
          )
          .all(limit)
        const firstNew = rows.findIndex(([, acceptedAtMs]) => acceptedAtMs >= acceptedBeforeMs)
        const met = firstNew < 0 ? rows : rows.slice(0, firstNew)
        const waiting = met.flatMap(([id, , parts]) => {
          const record = parts > 0 ? readOutgoingRecord(reader, id) : null
          return record?.state === 'waiting' ? [{ id, record }] : []
        })
        return { messages: waiting, upTo: met.at(-1)?.[0] ?? null }
      }),

    counts: () =>
      reader.read(() => {
        const count = (where: string): number => reader.sql<[number]>(`SELECT count(*) FROM ${where}`).get()?.[0] ?? 0
        const oldest = reader
          .sql<[number]>('SELECT accepted_at_ms FROM outgoing WHERE waiting > 0 ORDER BY id LIMIT 1')
          .get()
        return {
          parcels: count('parcels WHERE state = 0'),
          unrouted: count('outgoing WHERE lookup_at_ms IS NOT NULL'),
          failed: count('outgoing WHERE failed = 1'),
          oldestAcceptedAtMs: oldest?.[0] ?? null,
        }
      }),
  }
}

/** What is due, by times after the first and up to the second: what is due now, and then what waits for too late a time. */
function dueSpans({ nowMs, latestMs }: DueLimits): [number, number][] {
  return [
    [-1, nowMs],
    [Math.max(nowMs, latestMs), heldUntilMs - 1],
  ]
}

function toParcel(reader: ReaderContext, columns: ParcelColumns): Parcel {
  const [id, , forwardId, attempts, acceptedAtMs, again, ...message] = columns
  const parcel = {
    id,
    message: toMessage(reader, message),
    forwardId: forwardId.toString('hex') as ForwardId,
    acceptedAtMs,
    attempts,
  }
  return again === 1 ? { ...parcel, again: true } : parcel
}

/** A message with its body in the outbox: not a guest's. */
function readMessage(reader: ReaderContext, id: number): Message | null {
  const row = reader
    .sql<MessageColumns>(
      `SELECT recipient_id, sender_id, box, message_id, content_type, body, envelope_at_ms, envelope, request
       FROM outgoing o JOIN outgoing_contents c ON c.id = o.id WHERE o.id = ?`,
    )
    .get(id)
  return row === undefined ? null : toMessage(reader, row)
}

function toMessage(reader: ReaderContext, columns: MessageColumns): Message {
  const [recipientId, senderId, box, messageId, contentType, body, envelopeAtMs, envelope, request] = columns
  return {
    recipient: reader.key(recipientId),
    box: box as BoxName,
    sender: reader.key(senderId),
    messageId: messageId as MessageId,
    contentType: decodeContentType(contentType),
    body,
    envelope: decodeEnvelope(envelopeAtMs, envelope),
    request: decodeRequest(request),
  }
}
