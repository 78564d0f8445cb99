import { backoffMs } from './backoff.ts'
import { forwardingTo } from './forwarding.ts'
import type { OutboxDeps } from './outbox-deps.ts'
import type { Unrouted, UnroutedEnd, UnroutedGroup } from './ports/outbox-store.ts'
import { destinationsFor, type Resolution } from './resolve-hosts.ts'

/** Looks for a home for messages that have none, once, and writes down what was found. */
export async function routeMessages(group: UnroutedGroup, deps: OutboxDeps, signal: AbortSignal): Promise<void> {
  const found = await deps.resolver.resolve(group.recipient, signal)
  if (signal.aborted && found.kind === 'failed') {
    deps.outbox.release({ kind: 'unrouted', group })
    return
  }
  const ends = group.messages.map((message) => endOf(message, found, deps))
  await deps.outbox.finishUnrouted(group, ends)
  if (found.kind === 'failed') {
    deps.events.lookupFailed({ recipient: group.recipient, reason: found.reason })
  } else {
    const messages = ends.filter(({ kind }) => kind === 'routed').length
    if (messages > 0) deps.events.routed({ recipient: group.recipient, hosts: found.routes.length, messages })
  }
  for (const end of ends) if (end.kind === 'failed') deps.events.parcelFailed({ destination: null, reason: end.reason })
}

function endOf(unrouted: Unrouted, found: Resolution, { clock, random, options }: OutboxDeps): UnroutedEnd {
  const nowMs = clock.nowMs()
  const { message, attempts } = unrouted
  const destinations = found.kind === 'routes' ? destinationsFor(found.routes, message.box) : []
  if (destinations.length > 0 && message.envelope !== null) {
    return { kind: 'routed', forwardings: destinations.map((to) => forwardingTo(to, nowMs, random)) }
  }
  if (nowMs - unrouted.acceptedAtMs > options.ageLimitMs) return { kind: 'failed', reason: 'ERR_NO_ROUTE' }
  // A look-up that failed says nothing of the recipient: ask again soon, and count no attempt.
  const didFail = found.kind === 'failed'
  const policy = didFail ? options.backoff : options.unroutedBackoff
  const waitMs = backoffMs(attempts, policy, random.fraction())
  const reason = didFail
    ? found.reason
    : destinations.length > 0
      ? 'only a message with an envelope of its sender can be forwarded'
      : 'ERR_NO_ROUTE'
  return { kind: 'postponed', atMs: nowMs + waitMs, reason, counts: !didFail }
}
