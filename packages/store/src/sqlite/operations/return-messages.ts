import type { ReturnEnd } from '@overpost/core'
import { decodeEnvelope, messageEnd } from '../row-codes.ts'
import { readOutgoing, type OutgoingRow } from '../tables/outgoing.ts'
import { memoryOfEnvelope, unremember } from '../tables/remembered.ts'
import { dropCopy, isListed, settleOutgoing } from '../tables/settled.ts'
import { quotaTally } from '../tables/usage.ts'
import type { WriterContext } from '../writer-context.ts'
import { acceptPlacements } from './accept-placements.ts'
import { bringHome } from './finish-unrouted.ts'

/** Gives messages that no host took their end, and their senders a notice (`OutboxStore.finishReturns`). */
export function returnMessages(
  context: WriterContext,
  {
    ends,
    nowMs,
  }: { readonly ends: readonly { readonly id: number; readonly end: ReturnEnd }[]; readonly nowMs: number },
): boolean[] {
  return ends.map(({ id, end }) => {
    const outgoing = isToBeReturned(context, id) ? readOutgoing(context, id) : null
    return outgoing !== null && endReturn(context, outgoing, end, nowMs)
  })
}

function isToBeReturned(context: WriterContext, id: number): boolean {
  return context.sql('SELECT 1 FROM outgoing WHERE id = ? AND failed = 1').get(id) !== undefined
}

function endReturn(context: WriterContext, outgoing: OutgoingRow, end: ReturnEnd, nowMs: number): boolean {
  if (end.kind === 'kept' || (outgoing.isGuest && isListed(context, outgoing.id))) bringHome(context, outgoing)
  if (outgoing.isHome) {
    settleOutgoing(context, outgoing, nowMs)
    return false
  }
  forgetEnvelope(context, outgoing.id)
  if (outgoing.isGuest) dropCopy(context, outgoing)
  context
    .sql('UPDATE outgoing SET failed = 0, ended = ?, settled_at_ms = ? WHERE id = ?')
    .run(messageEnd.returned, nowMs, outgoing.id)
  // A notice is kept, however much its recipient has waiting.
  if (end.kind === 'returned' && end.notice !== null) acceptPlacements(context, [end.notice], quotaTally(context, null))
  return true
}

/** Its sender was told that it did not arrive, and may send it again. */
function forgetEnvelope(context: WriterContext, id: number): void {
  const row = context
    .sql<[number | null, Buffer | null]>(
      'SELECT envelope_at_ms, envelope FROM outgoing o JOIN outgoing_contents c ON c.id = o.id WHERE o.id = ?',
    )
    .get(id)
  const envelope = row === undefined ? null : decodeEnvelope(...row)
  if (envelope !== null) unremember(context, memoryOfEnvelope(envelope))
}
