import type { AppendOutcome, Content, Message, Placement } from '@overpost/core'
import { isKept } from '../../rules/is-kept.ts'
import { isSameContent } from '../../rules/is-same-content.ts'
import { appendMessage, findMessage, keepMessage, type Found } from '../tables/messages.ts'
import { addForwarded, addGuest, findOutgoing } from '../tables/outgoing.ts'
import { isRemembered, memoryOfEnvelope, remember, unremember, type Memory } from '../tables/remembered.ts'
import { quotaTally } from '../tables/usage.ts'
import type { WriterContext } from '../writer-context.ts'

/** What was decided of a placement, before anything is appended. */
interface Decision {
  readonly outcome: AppendOutcome
  readonly found: Found | null
}

/** Keeps one send for all its recipients, or, when one of them is a conflict or does not fit, for none (`MailboxStore.accept`). */
export function acceptPlacements(context: WriterContext, placements: readonly Placement[]): AppendOutcome[] {
  const remembered: Memory[] = []
  const stored: Message[] = []
  const tally = quotaTally(context)
  const decisions = placements.map((placement): Decision => {
    const { message, here } = placement
    if (message.envelope !== null) {
      const memory = memoryOfEnvelope(message.envelope)
      // What is only forwarded is remembered where it goes.
      const isNew = here === 'none' ? !isRemembered(context, memory) : remember(context, memory)
      if (!isNew) return { outcome: 'duplicate', found: null }
      if (here !== 'none') remembered.push(memory)
    }
    const found = findMessage(context, message.recipient, message)
    const first = found.same ?? findElsewhere(context, message, stored)
    const outcome = first === null ? tally.place(placement) : compare(first, message)
    if (outcome === 'stored') stored.push(message)
    return { outcome, found }
  })
  if (!decisions.every(({ outcome }) => isKept(outcome))) {
    for (const memory of remembered) unremember(context, memory)
  } else {
    for (const [index, placement] of placements.entries()) {
      const decision = decisions[index]
      // With several, one of them may just have taken the id of another.
      const isIdFree = placements.length === 1 && decision?.found?.isIdFree === true
      if (decision?.outcome === 'stored') put(context, placement, isIdFree)
      else if (placement.here === 'home') keepGuest(context, placement.message)
    }
  }
  return decisions.map(({ outcome }) => outcome)
}

function compare(same: Content, message: Message): AppendOutcome {
  return isSameContent(same, message) ? 'duplicate' : 'conflict'
}

/** The same identity in the outbox, or earlier in this send. */
function findElsewhere(context: WriterContext, message: Message, stored: readonly Message[]): Content | null {
  const outgoing = findOutgoing(context, message.recipient, message)
  return outgoing ?? stored.find((other) => isSameIdentity(other, message)) ?? null
}

function put(context: WriterContext, { message, acceptedAtMs, here, forwardings }: Placement, isIdFree: boolean): void {
  const outgoingId = here === 'guest' ? context.takeOutgoingId() : null
  if (here !== 'none') {
    const copy = appendMessage(context, message, { receivedAtMs: acceptedAtMs, originId: null, outgoingId, isIdFree })
    if (outgoingId !== null) addGuest(context, message, outgoingId, acceptedAtMs, copy)
  }
  if (forwardings.length > 0) addForwarded(context, message, acceptedAtMs, forwardings)
}

/** The recipient is at home here now: if what waits here is a guest's copy, it stays. */
function keepGuest(context: WriterContext, message: Message): void {
  const { same } = findMessage(context, message.recipient, message)
  if (same !== null) keepMessage(context, same)
}

function isSameIdentity(a: Message, b: Message): boolean {
  return a.messageId === b.messageId && a.recipient === b.recipient && a.box === b.box && a.sender === b.sender
}
