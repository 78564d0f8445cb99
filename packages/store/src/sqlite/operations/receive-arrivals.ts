import type { AppendOutcome, Arrival } from '@overpost/core'
import { isSameContent } from '../../rules/is-same-content.ts'
import { appendMessage, findMessage, keepMessage } from '../tables/messages.ts'
import {
  isRemembered,
  memoryOfEnvelope,
  memoryOfForwardId,
  remember,
  rememberRequest,
  unremember,
  unrememberRequest,
} from '../tables/remembered.ts'
import { hasRoomForMemory, quotaTally } from '../tables/usage.ts'
import type { WriterContext } from '../writer-context.ts'

/** Appends what another host handed in, each for itself (`MailboxStore.receive`). */
export function receiveArrivals(context: WriterContext, arrivals: readonly Arrival[]): AppendOutcome[] {
  return arrivals.map((arrival) => receive(context, arrival))
}

function receive(context: WriterContext, { message, originHost, forwardId, receivedAtMs }: Arrival): AppendOutcome {
  const originId = context.identity(originHost)
  const ofForwardId = memoryOfForwardId(originId, forwardId)
  if (!hasRoomForMemory(context, originId) && !isRemembered(context, ofForwardId)) return 'origin full'
  const memories = [ofForwardId]
  if (message.envelope !== null) memories.push(memoryOfEnvelope(message.envelope))
  const added = memories.filter((memory) => remember(context, memory))
  const { request } = message
  const isNewRequest = request !== null && rememberRequest(context, request, receivedAtMs)
  const isKnown = added.length < memories.length || (request !== null && !isNewRequest)
  const { same, isIdFree } = findMessage(context, message.recipient, message)
  if (isKnown || (same !== null && isSameContent(same, message))) {
    if (same !== null) keepMessage(context, same)
    return 'duplicate'
  }
  const outcome = same === null ? quotaTally(context).receive(message) : 'conflict'
  if (outcome !== 'stored') {
    for (const memory of added) unremember(context, memory)
    if (isNewRequest) unrememberRequest(context, request)
    return outcome
  }
  appendMessage(context, message, { receivedAtMs, originId, outgoingId: null, isIdFree })
  return 'stored'
}
