import { verifyEnvelope } from '@overpost/protocol'
import { backoffMs } from './backoff.ts'
import { forwardingTo } from './forwarding.ts'
import type { OutboxDeps } from './outbox-deps.ts'
import type { Unrouted, UnroutedEnd, UnroutedGroup } from './ports/outbox-store.ts'
import { destinationsFor, type Resolution } from './resolve-hosts.ts'

/** Looks for a home for messages that have none, or for others where one is here, once, and writes down what was found. */
export async function routeMessages(group: UnroutedGroup, deps: OutboxDeps, signal: AbortSignal): Promise<void> {
  const found = await deps.resolver.resolve(group.recipient, signal)
  if (signal.aborted && found.kind === 'failed') {
    deps.outbox.release({ kind: 'unrouted', group })
    return
  }
  const ends = await Promise.all(group.messages.map((message) => endOf(message, found, deps)))
  await deps.outbox.finishUnrouted(group, ends)
  if (ends.some(({ kind }) => kind === 'failed')) deps.noticesAlarm.ring()
  if (found.kind === 'failed') {
    deps.events.lookupFailed({ recipient: group.recipient, reason: found.reason })
  } else {
    const messages = ends.filter((end, index) => isRouted(end, group.messages[index])).length
    if (messages > 0) deps.events.routed({ recipient: group.recipient, hosts: found.routes.length, messages })
  }
  for (const { forwardId } of ends.flatMap((end) => (end.kind === 'routed' ? end.forwardings : []))) {
    deps.events.traced({ step: 'routed', forwardId, outcome: 'a home was found' })
  }
  for (const end of ends) if (end.kind === 'failed') deps.events.parcelFailed({ destination: null, reason: end.reason })
}

async function endOf(unrouted: Unrouted, found: Resolution, deps: OutboxDeps): Promise<UnroutedEnd> {
  const { homes, clock, ages, random, options } = deps
  const nowMs = clock.nowMs()
  const { message, attempts, isHome } = unrouted
  const destinations = found.kind === 'routes' ? destinationsFor(found.routes, message.box) : []
  const here = found.kind === 'routes' && (isHome || (await homes.has(message.recipient, message.box)))
  if (here && !isVerified(unrouted, deps)) return { kind: 'failed', reason: 'ERR_INVALID_ENVELOPE' }
  const isTooOld = ages.nowMs() - unrouted.acceptedAtMs > options.ageLimitMs
  if (here || (destinations.length > 0 && !isTooOld)) {
    return { kind: 'routed', here, forwardings: destinations.map((to) => forwardingTo(to, nowMs, random)) }
  }
  if (isTooOld)
    return isHome ? { kind: 'routed', here: true, forwardings: [] } : { kind: 'failed', reason: 'ERR_NO_ROUTE' }
  // A look-up that failed says nothing of the recipient: ask again soon, and count no attempt, while nobody has the message.
  if (found.kind === 'failed') {
    const waitMs = backoffMs(attempts, options.backoff, random.fraction())
    return { kind: 'postponed', atMs: nowMs + waitMs, reason: found.reason, counts: isHome }
  }
  const waitMs = backoffMs(attempts, options.unroutedBackoff, random.fraction())
  return { kind: 'postponed', atMs: nowMs + waitMs, reason: 'ERR_NO_ROUTE', counts: true }
}

/** Whether it has somewhere to go, or to stay, that it had not. */
function isRouted(end: UnroutedEnd, unrouted: Unrouted | undefined): boolean {
  return end.kind === 'routed' && (end.forwardings.length > 0 || unrouted?.isHome !== true)
}

/** What was only to be carried elsewhere is verified before it gets into a box here. */
function isVerified({ unverified: message }: Unrouted, { verifier }: OutboxDeps): boolean {
  return message?.envelope == null || verifyEnvelope(message, message.envelope, verifier) !== null
}
