import type { AppendOutcome, Arrival } from '@overpost/core'
import { isSameContent } from '../../rules/is-same-content.ts'
import { appendMessage, findMessage, keepMessage } from '../tables/messages.ts'
import { isRemembered, memoryOfEnvelope, memoryOfForwardId, remember } from '../tables/remembered.ts'
import type { WriterContext } from '../writer-context.ts'

/** Appends what another host handed in, each for itself (`MailboxStore.receive`). */
export function receiveArrivals(context: WriterContext, arrivals: readonly Arrival[]): AppendOutcome[] {
  return arrivals.map((arrival) => receive(context, arrival))
}

function receive(context: WriterContext, { message, originHost, forwardId, receivedAtMs }: Arrival): AppendOutcome {
  const originId = context.identity(originHost)
  const ofForwardId = memoryOfForwardId(originId, forwardId)
  const ofEnvelope = message.envelope === null ? null : memoryOfEnvelope(message.envelope)
  const isKnown = isRemembered(context, ofForwardId) || (ofEnvelope !== null && isRemembered(context, ofEnvelope))
  const same = findMessage(context, message.recipient, message)
  if (!isKnown && same !== null && !isSameContent(same, message)) return 'conflict'
  remember(context, ofForwardId)
  if (ofEnvelope !== null) remember(context, ofEnvelope)
  if (isKnown || same !== null) {
    if (same !== null) keepMessage(context, same)
    return 'duplicate'
  }
  appendMessage(context, message, { receivedAtMs, originId, outgoingId: null })
  return 'stored'
}
