import type { InHand } from '../../outbox/outbox-rows.ts'
import { parcelState } from '../row-codes.ts'
import { mostPlaces, parcelRange, readOutgoing, type OutgoingRow } from '../tables/outgoing.ts'
import { settleOutgoing } from '../tables/settled.ts'
import { moveWalk, walkPosition } from '../tables/walks.ts'
import type { WriterContext } from '../writer-context.ts'

/** So few that a sender whose message is to be written meanwhile does not notice. */
const step = 100

/** Fails some of what has waited for too long (`OutboxStore.expire`). Returns whether more may be left. */
export function expireOutgoing(
  context: WriterContext,
  {
    acceptedBeforeMs,
    inHand,
    nowMs,
  }: { readonly acceptedBeforeMs: number; readonly inHand: InHand; readonly nowMs: number },
): boolean {
  const old = context
    .sql<[number, number, number]>('SELECT id, accepted_at_ms, waiting FROM outgoing WHERE id > ? ORDER BY id LIMIT ?')
    .all(walkPosition(context, 'ages'), step)
  const firstNew = old.findIndex(([, acceptedAtMs]) => acceptedAtMs >= acceptedBeforeMs)
  const met = firstNew < 0 ? old : old.slice(0, firstNew)
  const last = met.at(-1)
  if (last === undefined) return false
  const held = new Set([...inHand.lookups, ...inHand.parcels.map((id) => Math.floor(id / mostPlaces))])
  for (const [id, , waiting] of met) {
    const outgoing = waiting > 0 && !held.has(id) ? readOutgoing(context, id) : null
    if (outgoing !== null) giveUp(context, outgoing, nowMs)
  }
  moveWalk(context, 'ages', last[0])
  return met.length === step
}

function giveUp(context: WriterContext, outgoing: OutgoingRow, nowMs: number): void {
  context
    .sql(
      `UPDATE parcels SET state = ?, reason = 'ERR_EXPIRED' || coalesce(': ' || coalesce(reason,
         (SELECT reason FROM destinations WHERE id = destination_id)), '') WHERE id BETWEEN ? AND ? AND state = 0
         AND again IS NULL`,
    )
    .run(parcelState.failed, ...parcelRange(outgoing.id))
  if (outgoing.lookupAtMs !== null) outgoing.failure = 'ERR_NO_ROUTE'
  outgoing.lookupAtMs = null
  outgoing.waiting = 0
  settleOutgoing(context, outgoing, nowMs)
}
