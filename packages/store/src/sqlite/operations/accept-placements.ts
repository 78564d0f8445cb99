import type { AppendOutcome, Content, Kept, Message, MessageRef, Placement } from '@overpost/core'
import { isKept } from '../../rules/is-kept.ts'
import { isSameContent } from '../../rules/is-same-content.ts'
import { appendMessage, findMessage, keepMessage, type Found, type LogPlace } from '../tables/messages.ts'
import { addForwarded, addGuest, addSeeker, findOutgoing } from '../tables/outgoing.ts'
import { isRemembered, memoryOfEnvelope, remember, unremember, type Memory } from '../tables/remembered.ts'
import { quotaTally } from '../tables/usage.ts'
import type { WriterContext } from '../writer-context.ts'

/** What was decided of a placement, before anything is appended. */
interface Decision {
  readonly outcome: AppendOutcome
  readonly found: Found | null
}

/** Keeps one send for all its recipients, or, when one of them is a conflict or does not fit, for none (`MailboxStore.accept`). */
export function acceptPlacements(
  context: WriterContext,
  placements: readonly Placement[],
  tally = quotaTally(context),
): Kept[] {
  const remembered: Memory[] = []
  const stored: Message[] = []
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
    return decisions.map(({ outcome }) => ({ outcome, ref: null }))
  }
  return decisions.map(({ outcome, found }, index): Kept => {
    const placement = placements[index] as Placement
    // With several, one of them may just have taken the id of another.
    const isIdFree = placements.length === 1 && found?.isIdFree === true
    if (outcome === 'stored') return { outcome, ref: put(context, placement, isIdFree) }
    if (placement.here === 'home') keepGuest(context, placement.message)
    return { outcome, ref: findFirst(context, placement.message) }
  })
}

function compare(same: Content, message: Message): AppendOutcome {
  return isSameContent(same, message) ? 'duplicate' : 'conflict'
}

/** The same identity in the outbox, or earlier in this send. */
function findElsewhere(context: WriterContext, message: Message, stored: readonly Message[]): Content | null {
  const outgoing = findOutgoing(context, message.recipient, message)
  return outgoing ?? stored.find((other) => isSameIdentity(other, message)) ?? null
}

function put(
  context: WriterContext,
  { message, acceptedAtMs, here, forwardings, seeksOthers }: Placement,
  isIdFree: boolean,
): MessageRef {
  const outgoingId = here === 'guest' ? context.takeOutgoingId() : null
  const copy =
    here === 'none'
      ? null
      : appendMessage(context, message, { receivedAtMs: acceptedAtMs, originId: null, outgoingId, isIdFree })
  if (outgoingId !== null && copy !== null) {
    addGuest(context, message, outgoingId, acceptedAtMs, copy)
    return outgoingRef(outgoingId, acceptedAtMs)
  }
  if (copy !== null && seeksOthers) addSeeker(context, message, acceptedAtMs, copy)
  if (copy !== null && forwardings.length === 0) return keptRef(copy, acceptedAtMs)
  return outgoingRef(addForwarded(context, message, acceptedAtMs, { forwardings, home: copy }), acceptedAtMs)
}

/** What a duplicate repeats, where that still waits: in the outbox, or in its box. */
function findFirst(context: WriterContext, message: Message): MessageRef | null {
  const outgoing = findOutgoing(context, message.recipient, message)
  if (outgoing !== null) {
    const { id, acceptedAtMs, soughtFrom } = outgoing
    return soughtFrom === null ? outgoingRef(id, acceptedAtMs) : keptRef(soughtFrom, acceptedAtMs)
  }
  const { same } = findMessage(context, message.recipient, message)
  if (same === null) return null
  const { outgoingId, receivedAtMs } = same
  return outgoingId === null ? keptRef(same, receivedAtMs) : outgoingRef(outgoingId, receivedAtMs)
}

function outgoingRef(id: number, acceptedAtMs: number): MessageRef {
  return { kind: 'outgoing', id: BigInt(id), acceptedAtMs }
}

function keptRef({ mailboxId, sequence }: LogPlace, acceptedAtMs: number): MessageRef {
  return { kind: 'kept', id: (BigInt(mailboxId) << 32n) | BigInt(sequence), acceptedAtMs }
}

/** The recipient is at home here now: if what waits here is a guest's copy, it stays. */
function keepGuest(context: WriterContext, message: Message): void {
  const { same } = findMessage(context, message.recipient, message)
  if (same !== null) keepMessage(context, same)
}

function isSameIdentity(a: Message, b: Message): boolean {
  return a.messageId === b.messageId && a.recipient === b.recipient && a.box === b.box && a.sender === b.sender
}
