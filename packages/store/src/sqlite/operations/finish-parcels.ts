import type { ParcelEnd } from '@overpost/core'
import { heldUntilMs } from '../../outbox/queue-rows.ts'
import type { ParcelEnds } from '../../outbox/outbox-rows.ts'
import { parcelState } from '../row-codes.ts'
import { AnswersKept, receiptColumns } from '../tables/custody-answers.ts'
import { mostPlaces, readOutgoing } from '../tables/outgoing.ts'
import { settleDelivered, settleOutgoing } from '../tables/settled.ts'
import type { WriterContext } from '../writer-context.ts'

/** Ends a claim on parcels (`OutboxStore.finishParcels`). Parcels that wait no longer are passed over. */
export function finishParcels(
  context: WriterContext,
  { destination, state, ends, nowMs }: ParcelEnds & { readonly nowMs: number },
): void {
  if (state !== null) {
    context
      .sql('UPDATE destinations SET failures = ?, next_attempt_at_ms = ?, reason = ? WHERE id = ?')
      .run(state.failures, state.nextAttemptAtMs, state.reason, context.destination(destination))
  }
  const answers = new AnswersKept(context)
  for (const { parcelId, end, again } of ends) {
    if (again && end.kind !== 'retry') endResend(context, answers, parcelId, end)
    else endParcel(context, answers, parcelId, end, nowMs)
  }
  answers.flush()
}

function endParcel(
  context: WriterContext,
  answers: AnswersKept,
  parcelId: number,
  end: ParcelEnd,
  nowMs: number,
): void {
  if (end.kind === 'retry') {
    context
      .sql(
        `UPDATE parcels SET due_at_ms = iif(due_at_ms = ${heldUntilMs}, due_at_ms, ?), attempts = attempts + ?, reason = ?
         WHERE id = ? AND state = 0`,
      )
      .run(end.atMs, end.counts ? 1 : 0, end.reason, parcelId)
    return
  }
  if (!move(context, answers, parcelId, end)) return
  const outgoing = readOutgoing(context, Math.floor(parcelId / mostPlaces))
  if (outgoing === null) return
  if (end.kind === 'delivered' && outgoing.waiting === 1 && outgoing.places === 1) {
    settleDelivered(context, outgoing, nowMs)
    return
  }
  if (end.kind === 'reroute') {
    // Its place among what waits goes to the look-up, unless one is waiting already.
    if (outgoing.lookupAtMs !== null) outgoing.waiting--
    outgoing.lookupAtMs = Math.min(outgoing.lookupAtMs ?? Infinity, end.atMs)
  } else {
    outgoing.waiting--
  }
  settleOutgoing(context, outgoing, nowMs)
}

/** It was delivered before, and stays so, with the receipt of then, if there was one. */
function endResend(
  context: WriterContext,
  answers: AnswersKept,
  parcelId: number,
  end: Exclude<ParcelEnd, { kind: 'retry' }>,
): void {
  context.sql('UPDATE parcels SET state = 1, again = NULL, reason = NULL WHERE id = ? AND again = 1').run(parcelId)
  if (end.kind !== 'delivered' || end.receipt === null) return
  const kept = context
    .sql(`UPDATE parcels SET ${receiptColumns} WHERE id = ? AND answer_id IS NULL`)
    .run(...answers.values(end.receipt), parcelId)
  if (kept.changes > 0) answers.count(end.receipt)
}

/** False when the parcel waits no longer. */
function move(
  context: WriterContext,
  answers: AnswersKept,
  parcelId: number,
  end: Exclude<ParcelEnd, { kind: 'retry' }>,
): boolean {
  if (end.kind !== 'delivered') {
    const state = end.kind === 'failed' ? parcelState.failed : parcelState.rerouted
    return (
      context
        .sql('UPDATE parcels SET state = ?, reason = ?, attempts = attempts + 1 WHERE id = ? AND state = 0')
        .run(state, end.reason, parcelId).changes > 0
    )
  }
  const moved = context
    .sql(`UPDATE parcels SET state = 1, reason = NULL, ${receiptColumns} WHERE id = ? AND state = 0`)
    .run(...answers.values(end.receipt), parcelId)
  if (moved.changes === 0) return false
  answers.count(end.receipt)
  return true
}
