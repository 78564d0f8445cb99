import type { Destination, NotedLog, ResendStore } from '@overpost/core'
import type { HostOrigin, IdentityKey } from '@overpost/protocol'
import type { ResentSome } from '../../outbox/resend-rows.ts'
import { messageEnd, parcelState } from '../row-codes.ts'
import { parcelRange } from '../tables/outgoing.ts'
import type { WriterContext } from '../writer-context.ts'

const step = 500

/** Notes what a host's log is called (`ResendStore.noteLog`). Of a host that nothing was ever sent to, nothing is kept. */
export function noteHostLog(
  context: WriterContext,
  {
    hostKey,
    log,
    isAsked,
    nowMs,
    leastMs,
  }: { hostKey: IdentityKey; log: string } & Parameters<ResendStore['noteLog']>[2],
): NotedLog {
  const key = Buffer.from(hostKey, 'hex')
  const known = context
    .sql<[string, number | null]>('SELECT log, anew_at_ms FROM host_logs WHERE host_key = ?')
    .get(key)
  if (known?.[0] === log) return 'same'
  if (context.sql('SELECT 1 FROM destinations WHERE host_key = ? LIMIT 1').get(key) === undefined) return 'first'
  const anewAtMs = known?.[1] ?? null
  if (anewAtMs !== null && Math.abs(nowMs - anewAtMs) < leastMs) return 'soon'
  const isAnew = known !== undefined || isAsked
  context
    .sql(
      `INSERT INTO host_logs (host_key, log, anew_at_ms, resent_up_to, resend_up_to)
       VALUES (?, ?, ?, ?, (SELECT max(id) FROM outgoing))
       ON CONFLICT (host_key) DO UPDATE SET log = excluded.log, anew_at_ms = excluded.anew_at_ms,
         resent_up_to = excluded.resent_up_to, resend_up_to = excluded.resend_up_to`,
    )
    .run(key, log, isAnew ? nowMs : null, isAnew ? 0 : null)
  return isAnew ? 'anew' : 'first'
}

/** One step of what goes again to one host (`ResendStore.resendSome`). What its user acknowledged here need not go again. */
export function resendDelivered(context: WriterContext, { nowMs }: { readonly nowMs: number }): ResentSome {
  const host = context
    .sql<[Buffer, number, number | null]>(
      'SELECT host_key, resent_up_to, resend_up_to FROM host_logs WHERE resent_up_to IS NOT NULL LIMIT 1',
    )
    .get()
  if (host === undefined) return { parcels: 0, destinations: [], isMoreLeft: false }
  const [hostKey, fromId, upToId] = host
  const ids = context
    .sql<[number]>('SELECT id FROM outgoing WHERE id > ? AND id <= ? ORDER BY id LIMIT ?')
    .all(fromId, upToId, step)
    .map(([id]) => id)
  const [first, last] = [ids.at(0), ids.at(-1)]
  context.sql('UPDATE host_logs SET resent_up_to = ? WHERE host_key = ?').run(ids.length < step ? null : last, hostKey)
  if (first === undefined || last === undefined) return { parcels: 0, destinations: [], isMoreLeft: true }
  const destinations: Destination[] = []
  let parcels = 0
  for (const [id, origin] of context
    .sql<[number, string]>('SELECT id, origin FROM destinations WHERE host_key = ?')
    .all(hostKey)) {
    const { changes } = context
      .sql(
        `UPDATE parcels SET state = ${parcelState.waiting}, again = 1, due_at_ms = ?
         WHERE id BETWEEN ? AND ? AND +destination_id = ? AND state = ${parcelState.delivered} AND EXISTS (
           SELECT 1 FROM outgoing o JOIN outgoing_contents c ON c.id = o.id
           WHERE o.id = parcels.id >> 6 AND coalesce(ended, ?) = ? AND coalesce(c.body, guest_message) IS NOT NULL)`,
      )
      .run(nowMs, parcelRange(first)[0], parcelRange(last)[1], id, messageEnd.delivered, messageEnd.delivered)
    if (changes === 0) continue
    parcels += changes
    destinations.push({ hostKey: hostKey.toString('hex') as IdentityKey, origin: origin as HostOrigin })
  }
  return { parcels, destinations, isMoreLeft: true }
}

/** Puts off telling a host that the log here began anew; null: it is done with. */
export function finishLogNews(
  context: WriterContext,
  { id, atMs }: { readonly id: number; readonly atMs: number | null },
): void {
  if (atMs === null) context.sql('DELETE FROM log_news WHERE destination_id = ?').run(id)
  else context.sql('UPDATE log_news SET due_at_ms = ?, attempts = attempts + 1 WHERE destination_id = ?').run(atMs, id)
}
