import type {
  DestinationRecord,
  Found,
  FoundRecord,
  MessageRecord,
  MessageRecords,
  MessageRef,
  MessageState,
  Removal,
} from '@overpost/core'
import type { BoxName, ForwardId, HostOrigin, IdentityKey, MessageId } from '@overpost/protocol'
import { heldUntilMs } from '../outbox/queue-rows.ts'
import { BodyHashes } from '../rules/body-hash.ts'
import type { ReaderContext } from './reader-context.ts'
import { messageEnd } from './row-codes.ts'
import { readReceipt } from './tables/custody-answers.ts'

type KeptColumns = [number, Buffer, string, string, number, string | null]
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
type ParcelColumns = [
  ...[hostKey: Buffer, origin: string, forwardId: Buffer, state: number, attempts: number, reason: string | null],
  ...[dueAtMs: number, failures: number, pausedUntilMs: number],
  ...receipt: Parameters<typeof readReceipt>[1],
]

/** The body of `m`, or null when it is larger: then none of it is read. */
const bodyUpTo = 'iif(octet_length(m.body) <= ?, m.body, NULL)'

const states: readonly DestinationRecord['state'][] = ['waiting', 'delivered', 'refused', 'dropped']

/** What became of messages, read in the main thread, a few rows each. */
export function sqliteMessageRecords(reader: ReaderContext): MessageRecords {
  return {
    find: (refs) =>
      new Promise((resolve) => {
        const hashes = new BodyHashes()
        const find = ({ kind, id, acceptedAtMs }: MessageRef): Found => {
          const found = kind === 'kept' ? findKept(reader, id, hashes) : findOutgoing(reader, Number(id), hashes)
          return found === null || 'kind' in found || found.acceptedAtMs === acceptedAtMs ? found : null
        }
        resolve(reader.read(() => refs.map(find)))
      }),
  }
}

function findKept(reader: ReaderContext, id: bigint, hashes: BodyHashes): Found {
  const row = reader
    .sql<KeptColumns>(
      `SELECT m.sender_id, i.key, b.name, m.message_id, m.received_at_ms, ${bodyUpTo} FROM messages m
       JOIN mailboxes b ON b.id = m.mailbox_id JOIN identities i ON i.id = m.owner_id WHERE m.id = ?`,
    )
    .get(hashes.leftBytes, id)
  if (row === undefined) return findRemoval(reader, id)
  const [senderId, owner, box, messageId, acceptedAtMs, body] = row
  return {
    sender: reader.key(senderId),
    recipient: owner.toString('hex') as IdentityKey,
    box: box as BoxName,
    messageId: messageId as MessageId,
    acceptedAtMs,
    ...{ state: 'delivered', settledAtMs: null, isHere: true },
    ...{ attempts: 0, reason: null, nextAttemptAtMs: null, destinations: [] },
    ...{ removal: null, bodyHash: body === null ? null : hashes.of(body) },
  }
}

type RemovalColumns = [movedToId: number | null, isPruned: number]

/** Of what had the id `of` in a box, and is gone: where it was moved to, and whether retention has come past its place. */
const removalColumns = (of: string) => `(SELECT to_id FROM moved_messages WHERE id = ${of}),
  EXISTS (SELECT 1 FROM mailboxes WHERE id = ${of} >> 32 AND pruned_to >= ${of} & 0xffffffff)`

function findRemoval(reader: ReaderContext, id: bigint): Removal | null {
  const row = reader.sql<RemovalColumns>(`SELECT ${removalColumns('m.id')} FROM (SELECT ? AS id) m`).get(id)
  return row === undefined ? null : decodeRemoval(reader, row)
}

function decodeRemoval(reader: ReaderContext, [movedToId, isPruned]: RemovalColumns): Removal | null {
  if (movedToId !== null) return { kind: 'moved', to: reader.key(movedToId) }
  return isPruned === 1 ? { kind: 'pruned' } : null
}

function findOutgoing(reader: ReaderContext, id: number, hashes: BodyHashes): FoundRecord | null {
  const record = readOutgoingRecord(reader, id)
  if (record === null) return null
  const asks = record.isHere || record.state === 'acknowledged'
  const { body, isThere, removal } = asks ? readCopy(reader, id, hashes) : noCopy
  // It went between the two reads: now its record says so.
  if (record.isHere && !isThere) return findOutgoing(reader, id, hashes)
  return {
    ...record,
    state: removal === null ? record.state : 'delivered',
    removal,
    bodyHash: body === null ? null : hashes.of(body),
  }
}

interface Copy {
  /** Null when it is too large, too. */
  readonly body: string | null
  readonly isThere: boolean
  readonly removal: Removal | null
}

const noCopy: Copy = { body: null, isThere: false, removal: null }

/** The copy of a message in its box here. */
function readCopy(reader: ReaderContext, id: number, hashes: BodyHashes): Copy {
  const row = reader
    .sql<[string | null, number, ...RemovalColumns]>(
      `SELECT ${bodyUpTo}, m.id IS NOT NULL, ${removalColumns('o.home_message')}
       FROM outgoing o LEFT JOIN messages m ON m.id = coalesce(o.home_message, o.guest_message) WHERE o.id = ?`,
    )
    .get(hashes.leftBytes, id)
  if (row === undefined) return noCopy
  const [body, isThere, ...columns] = row
  return { body, isThere: isThere === 1, removal: isThere === 1 ? null : decodeRemoval(reader, columns) }
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
      `SELECT d.host_key, d.origin, p.forward_id, iif(p.again = 1, 1, p.state), p.attempts, coalesce(p.reason, d.reason), p.due_at_ms,
         d.failures, d.next_attempt_at_ms, p.answer_id, p.answer_index, p.stored_at_ms, p.body_hash
       FROM parcels p JOIN destinations d ON d.id = p.destination_id WHERE p.id >= ? << 6 AND p.id < (? + 1) << 6`,
    )
    .all(id, id)
    .map(([hostKey, origin, forwardId, code, attempts, reason, dueAtMs, failures, pausedUntilMs, ...receipt]) => {
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
          receipt: readReceipt(reader, receipt),
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
