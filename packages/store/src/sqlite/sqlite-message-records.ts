import type { DestinationRecord, MessageRecord, MessageRecords, MessageRef, MessageState } from '@overpost/core'
import type { BoxName, ForwardId, HostOrigin, IdentityKey, MessageId } from '@overpost/protocol'
import { heldUntilMs } from '../outbox/queue-rows.ts'
import type { ReaderContext } from './reader-context.ts'
import { decodeReceipt, messageEnd } from './row-codes.ts'

type KeptColumns = [number, Buffer, string, string, number]
type OutgoingColumns = [
  number,
  number,
  string,
  string,
  number,
  number,
  number | null,
  number | null,
  number | null,
  string | null,
  string | null,
  number,
  number,
]
type ParcelColumns = [Buffer, string, Buffer, number, number, string | null, number, string | null, number, number]

const states: readonly DestinationRecord['state'][] = ['waiting', 'delivered', 'refused', 'dropped']

/** What became of messages, read in the main thread, a few rows each. */
export function sqliteMessageRecords(reader: ReaderContext): MessageRecords {
  return {
    find: (refs) =>
      new Promise((resolve) => {
        const find = ({ kind, id, acceptedAtMs }: MessageRef): MessageRecord | null => {
          const record = kind === 'kept' ? findKept(reader, id) : readOutgoingRecord(reader, Number(id))
          return record?.acceptedAtMs === acceptedAtMs ? record : null
        }
        resolve(reader.read(() => refs.map(find)))
      }),
  }
}

function findKept(reader: ReaderContext, id: bigint): MessageRecord | null {
  const row = reader
    .sql<KeptColumns>(
      `SELECT m.sender_id, i.key, b.name, m.message_id, m.received_at_ms FROM messages m
       JOIN mailboxes b ON b.id = m.mailbox_id JOIN identities i ON i.id = m.owner_id WHERE m.id = ?`,
    )
    .get(id)
  if (row === undefined) return null
  const [senderId, owner, box, messageId, acceptedAtMs] = row
  return {
    sender: reader.key(senderId),
    recipient: owner.toString('hex') as IdentityKey,
    box: box as BoxName,
    messageId: messageId as MessageId,
    acceptedAtMs,
    ...{ state: 'delivered', settledAtMs: null, isHere: true },
    ...{ attempts: 0, reason: null, nextAttemptAtMs: null, destinations: [] },
  }
}

/** A message on its way out, or settled; null when there is none of that id. */
export function readOutgoingRecord(reader: ReaderContext, id: number): MessageRecord | null {
  const row = reader
    .sql<OutgoingColumns>(
      `SELECT sender_id, recipient_id, box, message_id, accepted_at_ms, lookups, lookup_at_ms, ended, settled_at_ms,
         failure, reason, home_message IS NOT NULL,
         EXISTS (SELECT 1 FROM messages WHERE id = home_message OR (id = guest_message AND stays = 1))
       FROM outgoing WHERE id = ?`,
    )
    .get(id)
  if (row === undefined) return null
  const [senderId, recipientId, box, messageId, acceptedAtMs, lookups, lookupAtMs, ended, settledAtMs, ...rest] = row
  const [failure, reason, hasHome, isHere] = rest
  const parcels = readParcels(reader, id)
  const attempts = parcels.reduce((sum, { record }) => sum + record.attempts, lookups)
  const dueAtMs = [lookupAtMs, ...parcels.map((parcel) => parcel.dueAtMs)].filter(
    (atMs): atMs is number => atMs !== null && atMs < heldUntilMs,
  )
  return {
    sender: reader.key(senderId),
    recipient: reader.key(recipientId),
    box: box as BoxName,
    messageId: messageId as MessageId,
    acceptedAtMs,
    state: stateOf(ended, { hasHome: hasHome === 1, isHere: isHere === 1 }),
    settledAtMs,
    isHere: isHere === 1,
    attempts,
    reason: failure ?? parcels.find(({ record }) => record.reason !== null)?.record.reason ?? reason,
    nextAttemptAtMs: settledAtMs !== null || dueAtMs.length === 0 ? null : Math.min(...dueAtMs),
    destinations: parcels.map(({ record }) => record),
  }
}

function readParcels(reader: ReaderContext, id: number): { record: DestinationRecord; dueAtMs: number | null }[] {
  return reader
    .sql<ParcelColumns>(
      `SELECT d.host_key, d.origin, p.forward_id, p.state, p.attempts, coalesce(p.reason, d.reason), p.due_at_ms,
         p.receipt, d.failures, d.next_attempt_at_ms
       FROM parcels p JOIN destinations d ON d.id = p.destination_id WHERE p.id >= ? << 6 AND p.id < (? + 1) << 6`,
    )
    .all(id, id)
    .map(([hostKey, origin, forwardId, code, attempts, reason, dueAtMs, receipt, failures, pausedUntilMs]) => {
      const state = states[code] ?? 'dropped'
      // What waits behind a host that fails waits for that host's next call.
      const isWaiting = state === 'waiting'
      return {
        record: {
          destination: { hostKey: hostKey.toString('hex') as IdentityKey, origin: origin as HostOrigin },
          forwardId: forwardId.toString('hex') as ForwardId,
          state,
          attempts: attempts + (isWaiting ? failures : 0),
          reason: state === 'delivered' ? null : reason,
          receipt: decodeReceipt(receipt),
        },
        dueAtMs: isWaiting ? Math.max(dueAtMs, pausedUntilMs) : null,
      }
    })
}

function stateOf(ended: number | null, { hasHome, isHere }: { hasHome: boolean; isHere: boolean }): MessageState {
  if (isHere) return 'delivered'
  if (hasHome || ended === messageEnd.acknowledged) return 'acknowledged'
  if (ended === messageEnd.returned) return 'returned'
  return ended === messageEnd.delivered ? 'delivered' : 'waiting'
}
