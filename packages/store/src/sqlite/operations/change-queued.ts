import type { Destination, QueueChange } from '@overpost/core'
import type { HostOrigin, IdentityKey } from '@overpost/protocol'
import { heldUntilMs, operatorReason, type QueueChanged } from '../../outbox/queue-rows.ts'
import { parcelRange, readOutgoing } from '../tables/outgoing.ts'
import { settleOutgoing } from '../tables/settled.ts'
import type { WriterContext } from '../writer-context.ts'
import { returnMessages } from './return-messages.ts'

/** Does to messages that wait what an operator asks (`QueueStore.change`). */
export function changeQueued(
  context: WriterContext,
  { ids, change, nowMs }: { ids: readonly number[]; change: QueueChange; nowMs: number },
): QueueChanged {
  const destinations = new Map<string, Destination>()
  const recipients = new Set<IdentityKey>()
  let changed = 0
  for (const id of new Set(ids)) {
    const waiting = readWaiting(context, id)
    if (!apply(context, id, change, nowMs)) continue
    changed += 1
    for (const destination of waiting.destinations) {
      destinations.set(`${destination.hostKey} ${destination.origin}`, destination)
    }
    if (waiting.recipient !== null) recipients.add(waiting.recipient)
  }
  return { changed, destinations: [...destinations.values()], recipients: [...recipients] }
}

function apply(context: WriterContext, id: number, change: QueueChange, nowMs: number): boolean {
  switch (change) {
    case 'retry':
      return setDue(context, id, nowMs, `BETWEEN ${nowMs + 1} AND ${heldUntilMs - 1}`)
    case 'hold':
      return setDue(context, id, heldUntilMs, `< ${heldUntilMs}`)
    case 'release':
      return setDue(context, id, nowMs, `= ${heldUntilMs}`)
    case 'bounce':
      return giveUp(context, id, nowMs)
    case 'purge':
      if (!giveUp(context, id, nowMs)) return false
      returnMessages(context, { ends: [{ id, end: { kind: 'returned', notice: null } }], nowMs })
      return true
  }
}

/** Whatever of it waits for a time that `isMeant` is due at `atMs`. Times are whole numbers of ours. */
function setDue(context: WriterContext, id: number, atMs: number, isMeant: string): boolean {
  const parcels = context
    .sql(`UPDATE parcels SET due_at_ms = ? WHERE id BETWEEN ? AND ? AND state = 0 AND due_at_ms ${isMeant}`)
    .run(atMs, ...parcelRange(id))
  const lookups = context
    .sql(`UPDATE outgoing SET lookup_at_ms = ? WHERE id = ? AND lookup_at_ms ${isMeant}`)
    .run(atMs, id)
  return parcels.changes + lookups.changes > 0
}

function giveUp(context: WriterContext, id: number, nowMs: number): boolean {
  const outgoing = readOutgoing(context, id)
  if (outgoing === null || outgoing.waiting === 0) return false
  context
    .sql('UPDATE parcels SET state = 2, reason = ? WHERE id BETWEEN ? AND ? AND state = 0 AND again IS NULL')
    .run(operatorReason, ...parcelRange(id))
  settleOutgoing(context, { ...outgoing, waiting: 0, lookupAtMs: null, failure: operatorReason }, nowMs)
  return true
}

function readWaiting(
  context: WriterContext,
  id: number,
): { destinations: Destination[]; recipient: IdentityKey | null } {
  const destinations = context
    .sql<[Buffer, string]>(
      `SELECT host_key, origin FROM parcels p JOIN destinations d ON d.id = p.destination_id
       WHERE p.id BETWEEN ? AND ? AND state = 0`,
    )
    .all(...parcelRange(id))
    .map(([hostKey, origin]) => ({
      hostKey: hostKey.toString('hex') as IdentityKey,
      origin: origin as HostOrigin,
    }))
  const row = context
    .sql<[Buffer]>(
      `SELECT key FROM outgoing o JOIN identities i ON i.id = recipient_id WHERE o.id = ? AND lookup_at_ms IS NOT NULL`,
    )
    .get(id)
  return { destinations, recipient: row === undefined ? null : (row[0].toString('hex') as IdentityKey) }
}
