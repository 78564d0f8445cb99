import { originForRouting, type HostOrigin, type IdentityKey, type RoutingAuthorization } from '@overpost/protocol'
import type { Alarm } from './alarm.ts'
import { backoffMs, type BackoffPolicy } from './backoff.ts'
import { isInForce } from './homes.ts'
import type { AdvertPublisher, OwnAdvert } from './ports/advert-publisher.ts'
import type { AuthorizationStore } from './ports/authorization-store.ts'
import type { Clock } from './ports/clock.ts'
import type { CoreEvents } from './ports/events.ts'
import type { Random } from './ports/random.ts'

export interface AdvertiserDeps {
  readonly authorizations: Pick<AuthorizationStore, 'page'>
  readonly publisher: AdvertPublisher
  readonly alarm: Alarm
  readonly clock: Clock
  readonly random: Random
  readonly events: Pick<CoreEvents, 'published' | 'roundFailed'>
  /** Only authorizations for this host at this address are advertised. */
  readonly self: { readonly hostKey: IdentityKey; readonly origin: HostOrigin }
  readonly options: {
    readonly everyMs: number
    readonly backoff: BackoffPolicy
    /** Tokens created and spent in one transaction. */
    readonly mostPerTransaction: number
  }
}

/**
 * Makes our tokens on chain match the authorizations, until `signal` aborts. It reads both sides afresh each round, the
 * tokens from our own wallet and never from a lookup, so that a restart or a crash between two steps needs no special case.
 */
export async function runAdvertiser(deps: AdvertiserDeps, signal: AbortSignal): Promise<void> {
  const { clock, alarm, random, events, options } = deps
  let failures = 0
  while (!signal.aborted) {
    try {
      const openAnnouncements = await reconcile(deps, signal)
      failures = openAnnouncements > 0 ? failures + 1 : 0
    } catch (error) {
      failures += 1
      events.roundFailed({ part: 'advertiser', error })
    }
    const waitMs = failures > 0 ? backoffMs(failures - 1, options.backoff, random.fraction()) : options.everyMs
    await alarm.until(clock.nowMs() + waitMs, signal)
  }
}

/** One round. Resolves to how many announcements to overlay nodes are still open. */
export async function reconcile(deps: AdvertiserDeps, signal: AbortSignal): Promise<number> {
  const { publisher, events, options } = deps
  const wanted = await standingAuthorizations(deps)
  const { create, spend } = difference(wanted, await publisher.list(signal))
  while (create.length + spend.length > 0 && !signal.aborted) {
    const change = {
      create: create.splice(0, options.mostPerTransaction),
      spend: spend.splice(0, options.mostPerTransaction),
    }
    const txid = await publisher.publish(change, signal)
    events.published({ created: change.create.length, spent: change.spend.length, txid })
  }
  return publisher.announce(signal)
}

async function standingAuthorizations({
  authorizations,
  clock,
  self,
}: AdvertiserDeps): Promise<RoutingAuthorization[]> {
  const pageSize = 500
  const nowMs = clock.nowMs()
  const standing: RoutingAuthorization[] = []
  let afterUser: IdentityKey | null = null
  for (;;) {
    const page: RoutingAuthorization[] = await authorizations.page(afterUser, pageSize)
    for (const authorization of page) {
      const leadsTo = originForRouting(authorization.origin, { allowHttp: true })
      const isOurs = authorization.hostKey === self.hostKey && leadsTo === self.origin
      if (isOurs && isInForce(authorization, nowMs)) standing.push(authorization)
    }
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return standing
    afterUser = last.userKey
  }
}

/**
 * What to create and what to spend. A second token for a standing authorization, as after a crash between two steps, stays: a
 * spend of one ends the route of both, as anybody could have minted the other (phip.md section 6).
 */
function difference(
  wanted: readonly RoutingAuthorization[],
  adverts: readonly OwnAdvert[],
): { create: RoutingAuthorization[]; spend: OwnAdvert[] } {
  const standing = new Map(wanted.map((authorization) => [termsOf(authorization), authorization]))
  const held = new Set(adverts.map(({ authorization }) => termsOf(authorization)))
  return {
    create: [...standing].filter(([terms]) => !held.has(terms)).map(([, authorization]) => authorization),
    spend: adverts.filter(({ authorization }) => !standing.has(termsOf(authorization))),
  }
}

function termsOf({ userKey, hostKey, origin, pattern, dates }: RoutingAuthorization): string {
  return JSON.stringify([userKey, hostKey, origin, pattern, dates?.issuedAtMs ?? null, dates?.expiresAtMs ?? null])
}
