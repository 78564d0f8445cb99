import type { AppendOutcome, Message, Placement } from '@overpost/core'
import { isSameContent } from '../../rules/is-same-content.ts'
import { appendMessage, findMessage, keepMessage } from '../tables/messages.ts'
import { addForwarded, addGuest, findOutgoing } from '../tables/outgoing.ts'
import { isRemembered, memoryOfEnvelope, remember } from '../tables/remembered.ts'
import type { WriterContext } from '../writer-context.ts'

/** Keeps one send for all its recipients, or, when one of them is a conflict, for none (`MailboxStore.accept`). */
export function acceptPlacements(context: WriterContext, placements: readonly Placement[]): AppendOutcome[] {
  const outcomes: AppendOutcome[] = []
  const earlier: Message[] = []
  for (const { message } of placements) {
    const outcome = decide(context, message, earlier)
    outcomes.push(outcome)
    if (outcome === 'stored') earlier.push(message)
  }
  if (outcomes.includes('conflict')) return outcomes
  for (const [index, placement] of placements.entries()) {
    if (outcomes[index] === 'stored') put(context, placement)
    else if (placement.here === 'home') keepGuest(context, placement.message)
    const { envelope } = placement.message
    if (envelope !== null) remember(context, memoryOfEnvelope(envelope))
  }
  return outcomes
}

function decide(context: WriterContext, message: Message, earlier: readonly Message[]): AppendOutcome {
  const { envelope, recipient } = message
  if (envelope !== null) {
    const isInThisSend = earlier.some((other) => other.envelope?.hash === envelope.hash)
    if (isInThisSend || isRemembered(context, memoryOfEnvelope(envelope))) return 'duplicate'
  }
  const same =
    findMessage(context, recipient, message) ??
    findOutgoing(context, recipient, message) ??
    earlier.find((other) => isSameIdentity(other, message))
  if (same === undefined) return 'stored'
  return isSameContent(same, message) ? 'duplicate' : 'conflict'
}

function put(context: WriterContext, { message, acceptedAtMs, here, forwardings }: Placement): void {
  const outgoingId = here === 'guest' ? context.takeOutgoingId() : null
  if (here !== 'none') {
    const copy = appendMessage(context, message, { receivedAtMs: acceptedAtMs, originId: null, outgoingId })
    if (outgoingId !== null) addGuest(context, message, outgoingId, acceptedAtMs, copy)
  }
  if (forwardings.length > 0) addForwarded(context, message, acceptedAtMs, forwardings)
}

/** The recipient is at home here now: if what waits here is a guest's copy, it stays. */
function keepGuest(context: WriterContext, message: Message): void {
  const same = findMessage(context, message.recipient, message)
  if (same !== null) keepMessage(context, same)
}

function isSameIdentity(a: Message, b: Message): boolean {
  return a.messageId === b.messageId && a.recipient === b.recipient && a.box === b.box && a.sender === b.sender
}
