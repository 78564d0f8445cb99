import type { Destination, QueuedMessage, QueueOfDestination } from '@overpost/core'
import type { HostOrigin, IdentityKey } from '@overpost/protocol'
import { attempt } from '../outbox/attempt.ts'
import { heldUntilMs, type QueueRows } from '../outbox/queue-rows.ts'
import type { ReaderContext } from './reader-context.ts'
import { readOutgoingRecord } from './sqlite-message-records.ts'
import type { Writer } from './writer/group-commit.ts'

const mostDestinations = 1_000
/** An id that no message has, so that the same statement serves with and without a filter. */
const nobody = -1

type Sums = [messages: number, bytes: number, held: number, oldestAtMs: number, ...byAge: number[]]

/** The queue as it is committed, read in the main thread, and changed by the writer. */
export function sqliteQueueRows(reader: ReaderContext, writer: Writer): QueueRows {
  const sums = (nowMs: number, agesMs: readonly number[], held: string): string => {
    const bounds = [...agesMs.map((ageMs) => nowMs - ageMs), Number.MIN_SAFE_INTEGER]
    const byAge = bounds.map((bound, index) => {
      const above = index === 0 ? '' : ` AND accepted_at_ms <= ${bounds[index - 1] ?? 0}`
      return `sum(accepted_at_ms > ${bound}${above})`
    })
    return ['count(*)', 'sum(body_bytes)', `sum(${held} = ${heldUntilMs})`, 'min(accepted_at_ms)', ...byAge].join(', ')
  }

  return {
    byDestination: ({ nowMs, agesMs }) =>
      attempt(() =>
        reader.read(() => {
          const parcels = reader.db
            .prepare<[number], [Buffer, string, number, number, string | null, ...Sums]>(
              `SELECT host_key, origin, d.failures, d.next_attempt_at_ms, d.reason, ${sums(nowMs, agesMs, 'due_at_ms')}
               FROM parcels p JOIN outgoing o ON o.id = p.id >> 6 JOIN destinations d ON d.id = p.destination_id
               WHERE p.state = 0 GROUP BY d.id ORDER BY count(*) DESC LIMIT ?`,
            )
            .raw()
            .all(mostDestinations)
            .map(([hostKey, origin, failures, nextAttemptAtMs, reason, ...row]) => {
              const destination = { hostKey: hostKey.toString('hex') as IdentityKey, origin: origin as HostOrigin }
              return toQueue(destination, { failures, nextAttemptAtMs, reason }, row)
            })
          const lookups = reader.db
            .prepare<[], Sums>(
              `SELECT ${sums(nowMs, agesMs, 'lookup_at_ms')} FROM outgoing WHERE lookup_at_ms IS NOT NULL`,
            )
            .raw()
            .get()
          return lookups === undefined || lookups[0] === 0 ? parcels : [...parcels, toQueue(null, null, lookups)]
        }),
      ),

    list: ({ after, limit, hostKey, sender }) =>
      attempt(() =>
        reader.read(() => {
          const host = hostKey === null ? null : Buffer.from(hostKey, 'hex')
          const senderId = sender === null ? null : (reader.findId(sender) ?? nobody)
          return reader
            .sql<[number]>(
              `SELECT id FROM outgoing o WHERE id > ? AND waiting > 0 AND (? IS NULL OR sender_id = ?)
                 AND (? IS NULL OR EXISTS (SELECT 1 FROM parcels p JOIN destinations d ON d.id = p.destination_id
                   WHERE p.id >= o.id << 6 AND p.id < (o.id + 1) << 6 AND p.state = 0 AND d.host_key = ?))
               ORDER BY id LIMIT ?`,
            )
            .all(after, senderId, senderId, host, host, limit)
            .map(([id]) => readQueued(reader, id))
            .filter((queued) => queued !== null)
        }),
      ),

    find: (id) => attempt(() => reader.read(() => readQueued(reader, id))),
    change: (ids, change, nowMs) => writer.run('changeQueued', { ids, change, nowMs }),
  }
}

function readQueued(reader: ReaderContext, id: number): QueuedMessage | null {
  const row = reader
    .sql<[number, number]>(
      `SELECT body_bytes, lookup_at_ms IS ? OR EXISTS (
           SELECT 1 FROM parcels WHERE id >= o.id << 6 AND id < (o.id + 1) << 6 AND state = 0 AND due_at_ms = ?)
       FROM outgoing o WHERE id = ? AND waiting > 0`,
    )
    .get(heldUntilMs, heldUntilMs, id)
  const record = row === undefined ? null : readOutgoingRecord(reader, id)
  return row === undefined || record === null ? null : { id, bodyBytes: row[0], isHeld: row[1] === 1, record }
}

function toQueue(
  destination: Destination | null,
  state: QueueOfDestination['state'],
  [messages, bytes, held, oldestAcceptedAtMs, ...byAge]: Sums,
): QueueOfDestination {
  return { destination, messages, bytes, held, oldestAcceptedAtMs, byAge, state }
}
