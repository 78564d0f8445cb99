import type { Alarm } from './alarm.ts'
import { deliveryNotice, type NoticeDeps } from './delivery-notice.ts'
import type { Mailbox } from './mailbox.ts'
import { placeMessage, type PlaceDeps } from './place-message.ts'
import type { Clock } from './ports/clock.ts'
import type { CoreEvents } from './ports/events.ts'
import { goesOut, type Placement } from './ports/mailbox-store.ts'
import type { OutboxStore, ReturnEnd, Tracked } from './ports/outbox-store.ts'

export interface TellSendersDeps extends PlaceDeps, NoticeDeps {
  readonly outbox: Pick<OutboxStore, 'undelivered' | 'finishReturns' | 'expire' | 'delayed' | 'finishDelays'>
  readonly mailbox: Pick<Mailbox, 'appended'>
  /** Rung when a message can be delivered nowhere. */
  readonly alarm: Alarm
  readonly outboxAlarm: Pick<Alarm, 'ring'>
  readonly clock: Clock
  /** By which mail grows old. */
  readonly ages: Pick<Clock, 'nowMs'>
  readonly events: Pick<CoreEvents, 'returned' | 'delayed' | 'roundFailed'>
  readonly options: {
    readonly ageLimitMs: number
    readonly delayNoticeMs: number
    /** How often it is looked for what has become too old. */
    readonly everyMs: number
  }
}

/** So few that nobody else waits long: each is signed in the main thread, and written in one transaction with its notice. */
const step = 25

/**
 * Gives up what is too old, returns to its sender what no host takes, and tells senders, once for each message, that one waits
 * for long. Never for a notice. Runs until `signal` aborts.
 */
export async function tellSenders(deps: TellSendersDeps, signal: AbortSignal): Promise<void> {
  const { alarm, clock, events, options } = deps
  while (!signal.aborted) {
    try {
      await giveUp(deps, signal)
      await tellDelays(deps, signal)
    } catch (error) {
      events.roundFailed({ part: 'notices', error })
    }
    await alarm.until(clock.nowMs() + options.everyMs, signal)
  }
}

/** Fails what is too old, and returns it with all the rest that no host takes. */
async function giveUp(deps: TellSendersDeps, signal: AbortSignal): Promise<void> {
  const { outbox, ages, options } = deps
  for (let isMoreLeft = true; isMoreLeft && !signal.aborted;) {
    isMoreLeft = await outbox.expire(ages.nowMs() - options.ageLimitMs)
    await returnAll(deps, signal)
  }
}

async function returnAll(deps: TellSendersDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const undelivered = await deps.outbox.undelivered(step)
    if (undelivered.length === 0) return
    const ends = await Promise.all(undelivered.map(async (one) => ({ id: one.id, end: await returnEnd(one, deps) })))
    const wereReturned = await deps.outbox.finishReturns(ends)
    const returned = undelivered.flatMap(({ record }, index) => {
      const end = ends[index]?.end
      return wereReturned[index] === true && end?.kind === 'returned' ? [{ record, notice: end.notice }] : []
    })
    announce(
      returned.flatMap(({ notice }) => notice ?? []),
      deps,
    )
    for (const [index, { record }] of undelivered.entries()) {
      if (ends[index]?.end.kind === 'kept') deps.mailbox.appended({ owner: record.recipient, box: record.box })
    }
    for (const { record } of returned) deps.events.returned({ reason: record.reason ?? '' })
  }
}

async function returnEnd(one: Tracked, deps: TellSendersDeps): Promise<ReturnEnd> {
  // No notice of a notice: it stays here, where its reader can list it, also when it was to go elsewhere.
  if (one.record.sender === deps.hostKey) return { kind: 'kept' }
  const nowMs = deps.clock.nowMs()
  const notice = await deliveryNotice('returned', one, { nowMs }, deps)
  return { kind: 'returned', notice: await placeMessage(notice, nowMs, deps) }
}

async function tellDelays(deps: TellSendersDeps, signal: AbortSignal): Promise<void> {
  const { outbox, clock, ages, options, events } = deps
  for (let isMoreLeft = true; isMoreLeft && !signal.aborted;) {
    const nowMs = clock.nowMs()
    const found = await outbox.delayed(ages.nowMs() - options.delayNoticeMs, step)
    // What is too old and still waits is in a lane's hands, and is about to come back.
    const tooOldMs = ages.nowMs() - options.ageLimitMs
    const delayed = found.messages.filter(
      ({ record }) => record.sender !== deps.hostKey && record.acceptedAtMs >= tooOldMs,
    )
    const notices = await Promise.all(
      delayed.map(async (one) => {
        const expiresAtMs = one.record.acceptedAtMs + options.ageLimitMs
        const message = await deliveryNotice('delayed', one, { nowMs, expiresAtMs }, deps)
        return { id: one.id, notice: await placeMessage(message, nowMs, deps) }
      }),
    )
    const wereTold = found.upTo === null ? [] : await outbox.finishDelays(found.upTo, notices)
    const told = notices.filter((_, index) => wereTold[index] === true)
    announce(
      told.map(({ notice }) => notice),
      deps,
    )
    if (told.length > 0) events.delayed({ messages: told.length })
    isMoreLeft = found.upTo !== null
  }
}

function announce(notices: readonly Placement[], { mailbox, outboxAlarm }: TellSendersDeps): void {
  for (const { message, here } of notices) {
    if (here !== 'none') mailbox.appended({ owner: message.recipient, box: message.box })
  }
  if (notices.some(goesOut)) outboxAlarm.ring()
}
