import type { Arrival, Reception } from '@overpost/core'
import { isSameContent } from '../../rules/is-same-content.ts'
import { isAwaited } from '../tables/awaited.ts'
import { appendMessage, findMessage, keepMessage } from '../tables/messages.ts'
import {
  findCustody,
  forgetCustody,
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
export function receiveArrivals(context: WriterContext, arrivals: readonly Arrival[]): Reception[] {
  return arrivals.map((arrival) => receive(context, arrival))
}

function receive(context: WriterContext, arrival: Arrival): Reception {
  const { message, originHost, forwardId, receivedAtMs, leaf } = arrival
  const originId = context.identity(originHost)
  const forwarding = memoryOfForwardId(originId, forwardId)
  if (!hasRoomForMemory(context, originId) && !isRemembered(context, forwarding)) {
    return { outcome: 'origin full', custody: null }
  }
  const custody = { leaf, storedAtMs: receivedAtMs }
  if (!remember(context, forwarding, custody)) {
    // It stands for its first message: what else comes under it is not here, and must not be remembered.
    const { same } = findMessage(context, message.recipient, message)
    if (same !== null) keepMessage(context, same)
    return { outcome: 'duplicate', custody: findCustody(context, forwarding) }
  }
  const { envelope, request } = message
  const isEnvelopeNew = envelope !== null && remember(context, memoryOfEnvelope(envelope))
  const requestHash = request?.hash ?? arrival.requestHash ?? null
  const isRequestNew = requestHash !== null && rememberRequest(context, requestHash, receivedAtMs)
  const isEnvelopeKnown = envelope !== null && !isEnvelopeNew
  const isKnown = isEnvelopeKnown || (requestHash !== null && !isRequestNew)
  const { same, isIdFree } = findMessage(context, message.recipient, message)
  if (isKnown || (same !== null && isSameContent(same, message))) {
    if (same !== null) keepMessage(context, same)
    if (isEnvelopeKnown || same?.body === message.body) return { outcome: 'duplicate', custody }
    forgetCustody(context, forwarding)
    return { outcome: 'duplicate', custody: null }
  }
  if (same === null && isAwaited(context, message.recipient, message)) {
    forgetCustody(context, forwarding)
    return { outcome: 'duplicate', custody: null }
  }
  const outcome = same === null ? quotaTally(context).receive(message) : 'conflict'
  if (outcome !== 'stored') {
    unremember(context, forwarding)
    if (isEnvelopeNew) unremember(context, memoryOfEnvelope(envelope))
    if (isRequestNew) unrememberRequest(context, requestHash)
    return { outcome, custody: null }
  }
  appendMessage(context, message, { receivedAtMs, originId, outgoingId: null, isIdFree })
  return { outcome: 'stored', custody }
}
