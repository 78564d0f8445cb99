import type { HostOrigin, IdentityKey } from '@overpost/protocol'
import { allWithdrawals, newlyPublished, planAdverts, standingAuthorizations } from './advert-plan.ts'
import type { Alarm } from './alarm.ts'
import { backoffMs, type BackoffPolicy } from './backoff.ts'
import type { AdvertPublisher, Statement } from './ports/advert-publisher.ts'
import type { AuthorizationStore } from './ports/authorization-store.ts'
import type { Clock } from './ports/clock.ts'
import type { CoreEvents } from './ports/events.ts'
import type { Random } from './ports/random.ts'
import type { WithdrawalStore } from './ports/withdrawal-store.ts'

export interface AdvertiserDeps {
  readonly authorizations: Pick<AuthorizationStore, 'page'>
  readonly withdrawals: Pick<WithdrawalStore, 'page' | 'notePublished'>
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

/** Spends in one transaction. Nodes check its signatures until it is mined, and 20 of a BEEF at most (docs/decisions/0024-dear-beefs.md). */
const mostSpends = 12

/**
 * Makes our tokens on chain match what users authorised and withdrew, until `signal` aborts. It reads both sides afresh each round, the
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
  const { authorizations, withdrawals, publisher, clock, self, events, options } = deps
  const withdrawn = await allWithdrawals(withdrawals)
  const wanted: Statement[] = withdrawn.map(({ withdrawal }) => ({ kind: 'withdrawal', withdrawal }))
  for (const authorization of await standingAuthorizations(authorizations, self, clock.nowMs())) {
    wanted.push({ kind: 'authorization', authorization })
  }
  const held = await publisher.list(signal)
  const { create, spend } = planAdverts(wanted, held)
  await notePublished(withdrawals, newlyPublished(withdrawn, held))
  while (create.length + spend.length > 0 && !signal.aborted) {
    const change = {
      create: create.splice(0, options.mostPerTransaction),
      spend: spend.splice(0, Math.min(options.mostPerTransaction, mostSpends)),
    }
    const txid = await publisher.publish(change, signal)
    events.published({ created: change.create.length, spent: change.spend.length, txid })
    const carried = change.create.flatMap((statement) => (statement.kind === 'withdrawal' ? [statement] : []))
    await notePublished(
      withdrawals,
      carried.map(({ withdrawal }) => ({ withdrawal, txid })),
    )
  }
  return publisher.announce(signal)
}

async function notePublished(
  withdrawals: Pick<WithdrawalStore, 'notePublished'>,
  published: Parameters<WithdrawalStore['notePublished']>[0],
): Promise<void> {
  if (published.length > 0) await withdrawals.notePublished(published)
}
