import type { ParcelEnd } from '@overpost/core'
import type { ParcelEnds } from '../../outbox/outbox-rows.ts'
import { parcelState } from '../row-codes.ts'
import { letCopyGo, mostPlaces, readOutgoing, settleOutgoing, type OutgoingRow } from '../tables/outgoing.ts'
import type { WriterContext } from '../writer-context.ts'

/** Ends a claim on parcels (`OutboxStore.finishParcels`). Parcels that are gone are passed over. */
export function finishParcels(context: WriterContext, { destination, state, ends }: ParcelEnds): void {
  if (state !== null) {
    context
      .sql('UPDATE destinations SET failures = ?, next_attempt_at_ms = ?, reason = ? WHERE id = ?')
      .run(state.failures, state.nextAttemptAtMs, state.reason, context.destination(destination))
  }
  for (const { parcelId, end } of ends) endParcel(context, parcelId, end)
}

function endParcel(context: WriterContext, parcelId: number, end: ParcelEnd): void {
  if (end.kind === 'retry') {
    context
      .sql('UPDATE parcels SET due_at_ms = ?, attempts = attempts + ?, reason = ? WHERE id = ? AND state = 0')
      .run(end.atMs, end.counts ? 1 : 0, end.reason, parcelId)
    return
  }
  const parcel = context.sql<[number]>('SELECT state FROM parcels WHERE id = ?').get(parcelId)
  const outgoing = readOutgoing(context, Math.floor(parcelId / mostPlaces))
  if (parcel?.[0] !== parcelState.waiting || outgoing === null) return
  if (end.kind === 'delivered' && outgoing.waiting === 1 && outgoing.places === 1) {
    deliverLast(context, parcelId, outgoing)
    return
  }
  if (end.kind === 'reroute') {
    setState(context, parcelId, parcelState.rerouted, end.reason, 1)
    // Its place among what waits goes to the look-up, unless one is waiting already.
    if (outgoing.lookupAtMs !== null) outgoing.waiting--
    outgoing.lookupAtMs = Math.min(outgoing.lookupAtMs ?? Infinity, end.atMs)
  } else {
    const isFailed = end.kind === 'failed'
    setState(context, parcelId, isFailed ? parcelState.failed : parcelState.delivered, isFailed ? end.reason : null, 0)
    outgoing.waiting--
  }
  settleOutgoing(context, outgoing)
}

/** The usual case, in few statements: this was the only parcel. */
function deliverLast(context: WriterContext, parcelId: number, { id, isGuest }: OutgoingRow): void {
  if (isGuest) letCopyGo(context, id, false)
  context.sql('DELETE FROM parcels WHERE id = ?').run(parcelId)
  context.sql('DELETE FROM outgoing WHERE id = ?').run(id)
}

function setState(
  context: WriterContext,
  parcelId: number,
  state: number,
  reason: string | null,
  attempts: number,
): void {
  context
    .sql('UPDATE parcels SET state = ?, reason = ?, attempts = attempts + ? WHERE id = ?')
    .run(state, reason, attempts, parcelId)
}
