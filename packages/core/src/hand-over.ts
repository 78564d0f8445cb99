import type { ForwardId, SignatureVerifier, SignedHandover } from '@overpost/protocol'
import type { Alarm } from './alarm.ts'
import { backoffMs, type BackoffPolicy } from './backoff.ts'
import type { Destination } from './message.ts'
import type { Clock } from './ports/clock.ts'
import type { CoreEvents } from './ports/events.ts'
import type { HandoverPlace, HandoverStore, WaitingMessage } from './ports/handover-store.ts'
import type { HandoverLink } from './ports/host-link.ts'
import type { MailboxStore, StoredMessage } from './ports/mailbox-store.ts'
import type { Random } from './ports/random.ts'
import type { Resolver } from './resolve-hosts.ts'

export interface HandoverDeps {
  readonly handovers: HandoverStore
  readonly mailboxes: Pick<MailboxStore, 'incarnation'>
  readonly resolver: Pick<Resolver, 'resolve'>
  readonly link: HandoverLink
  readonly verifier: Pick<SignatureVerifier, 'sha256'>
  readonly alarm: Alarm
  readonly clock: Clock
  readonly random: Random
  readonly events: Pick<CoreEvents, 'handedOver' | 'roundFailed'>
  readonly options: { readonly limit: number; readonly maxBytes: number; readonly backoff: BackoffPolicy }
}

/** What became of one call. */
type Step = 'done' | 'more' | 'later'

/**
 * Hands over what waits of users who move away (design section 2.8), until `signal` aborts. A message is removed here only when the
 * other host has said that it has it on disk; each goes under an id that is made of its place here, so that the other host knows it
 * again when an answer, or this host, is lost in between.
 */
export async function runHandovers(deps: HandoverDeps, signal: AbortSignal): Promise<void> {
  const { handovers, alarm, clock, random, events, options } = deps
  let failures = 0
  while (!signal.aborted) {
    let isWaiting = false
    try {
      for (const handover of await handovers.open()) {
        if (!(await handOverAll(handover, deps, signal))) isWaiting = true
      }
    } catch (error) {
      isWaiting = true
      events.roundFailed({ part: 'handover', error })
    }
    failures = isWaiting ? failures + 1 : 0
    const waitMs = isWaiting ? backoffMs(failures - 1, options.backoff, random.fraction()) : null
    await alarm.until(waitMs === null ? null : clock.nowMs() + waitMs, signal)
  }
}

/** False when something is to be tried again later. What the other host refuses for good stays here, where its owner lists it. */
async function handOverAll(handover: SignedHandover, deps: HandoverDeps, signal: AbortSignal): Promise<boolean> {
  const destination = await destinationOf(handover, deps, signal)
  if (destination === null) return false
  let after: HandoverPlace | null = null
  for (;;) {
    if (signal.aborted) return false
    const page = await deps.handovers.page(handover.userKey, after, deps.options)
    const last = page.at(-1)
    if (last === undefined) {
      await deps.handovers.finish(handover)
      return true
    }
    if ((await handOverSome(handover, destination, page, deps, signal)) === 'later') return false
    after = last.place
  }
}

async function handOverSome(
  handover: SignedHandover,
  destination: Destination,
  waiting: readonly WaitingMessage[],
  deps: HandoverDeps,
  signal: AbortSignal,
): Promise<Step> {
  const { handovers, link, clock, events } = deps
  const named = waiting.map(({ message }) => ({ message, forwardId: placeId(message, handover, deps) }))
  const call = await link.handOver(destination, handover, named, signal)
  if (call.kind !== 'answered') {
    const isTooLarge = call.kind === 'refused' && (call.status === 413 || call.status === 400)
    if (!isTooLarge || waiting.length === 1) return isTooLarge ? 'more' : 'later'
    const half = Math.ceil(waiting.length / 2)
    const first = await handOverSome(handover, destination, waiting.slice(0, half), deps, signal)
    return first === 'later' ? first : await handOverSome(handover, destination, waiting.slice(half), deps, signal)
  }
  const stored = waiting.flatMap(({ place }, at) => (call.answers[at]?.kind === 'stored' ? [place] : []))
  await handovers.removeMoved(stored, destination.hostKey, clock.nowMs())
  events.handedOver({ destination, messages: stored.length, left: waiting.length - stored.length })
  const isLater = waiting.some((_, at) => {
    const answer = call.answers[at]
    return answer === undefined || (answer.kind === 'refused' && !isFinalRefusal(answer))
  })
  return isLater ? 'later' : 'more'
}

/** Whether another try would end the same: a conflict, a box that the other host is not for, a form. Quotas and faults pass. */
function isFinalRefusal({ status, code }: { status: number; code: string }): boolean {
  return status >= 400 && status < 500 && status !== 429 && status !== 408 && code !== 'ERR_QUOTA_EXCEEDED'
}

/** Where the user has others find the host that they move to. */
async function destinationOf(
  { userKey, to }: SignedHandover,
  { resolver }: HandoverDeps,
  signal: AbortSignal,
): Promise<Destination | null> {
  const resolution = await resolver.resolve(userKey, signal)
  if (resolution.kind !== 'routes') return null
  return resolution.routes.find(({ destination }) => destination.hostKey === to)?.destination ?? null
}

/** The time of the move, then 24 bytes that name the place of the message in this store. */
function placeId({ box, sequence }: StoredMessage, { atMs }: SignedHandover, deps: HandoverDeps): ForwardId {
  const place = new TextEncoder().encode(`${deps.mailboxes.incarnation} ${sequence} ${box}`)
  const name = Array.from(deps.verifier.sha256(place).subarray(0, 24), (byte) => byte.toString(16).padStart(2, '0'))
  return `${atMs.toString(16).padStart(16, '0')}${name.join('')}` as ForwardId
}
