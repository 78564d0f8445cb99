import type { HostOrigin, IdentityKey } from '@overpost/protocol'
import type { AdvertBudget } from './advert-budget.ts'
import {
  allWithdrawals,
  newlyPublished,
  planAdverts,
  standingAuthorizations,
  type Change,
  type Wanted,
} from './advert-plan.ts'
import type { Alarm } from './alarm.ts'
import { backoffMs, type BackoffPolicy } from './backoff.ts'
import type { AdvertPublisher } from './ports/advert-publisher.ts'
import type { AuthorizationStore } from './ports/authorization-store.ts'
import type { Clock } from './ports/clock.ts'
import type { CoreEvents } from './ports/events.ts'
import type { Random } from './ports/random.ts'
import type { SpentOn } from './ports/spending-store.ts'
import type { WithdrawalStore } from './ports/withdrawal-store.ts'

export interface AdvertiserDeps {
  readonly authorizations: Pick<AuthorizationStore, 'page'>
  readonly withdrawals: Pick<WithdrawalStore, 'page' | 'notePublished'>
  readonly publisher: AdvertPublisher
  readonly budget: Pick<AdvertBudget, 'left' | 'take'>
  readonly alarm: Alarm
  readonly clock: Clock
  readonly random: Random
  readonly events: Pick<CoreEvents, 'published' | 'budgetUsed' | 'roundFailed'>
  /** Only authorizations for this host at this address are advertised. */
  readonly self: { readonly hostKey: IdentityKey; readonly origin: HostOrigin }
  readonly options: {
    readonly everyMs: number
    readonly backoff: BackoffPolicy
    /** Tokens created and spent in one transaction. */
    readonly mostPerTransaction: number
  }
}

/** Spends in one transaction. Nodes check its signatures until it is mined, and 14 of a BEEF at most (docs/decisions/0024-dear-beefs.md). */
const mostSpends = 9

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
  const { authorizations, withdrawals, publisher, clock, self } = deps
  const withdrawn = await allWithdrawals(withdrawals)
  const wanted: Wanted[] = withdrawn.map(({ withdrawal }) => ({
    statement: { kind: 'withdrawal', withdrawal },
    sinceMs: 0,
  }))
  wanted.push(...(await standingAuthorizations(authorizations, self, clock.nowMs())))
  const held = await publisher.list(signal)
  await notePublished(withdrawals, newlyPublished(withdrawn, held))
  const plan = planAdverts(wanted, held)
  await carryOut(plan.known, 'known', deps, signal)
  await carryOut(plan.newcomers, 'newcomers', deps, signal)
  return publisher.announce(signal)
}

/** Publishes changes, many in one transaction, until the budget of the day is used up. */
async function carryOut(changes: Change[], on: SpentOn, deps: AdvertiserDeps, signal: AbortSignal): Promise<void> {
  const { withdrawals, publisher, budget, events, options } = deps
  let most = options.mostPerTransaction
  while (changes.length > 0 && !signal.aborted) {
    // The wallet is not asked for what cannot be had.
    const batch = (await budget.left(on)) > 0 ? batchOf(changes, most) : []
    const create = batch.flatMap(({ create: statement }) => (statement === null ? [] : [statement]))
    const spend = batch.flatMap((change) => change.spend)
    const afford = (satoshis: number): Promise<boolean> => budget.take(on, satoshis)
    const txid = batch.length === 0 ? null : await publisher.publish({ create, spend }, afford, signal)
    if (txid === null && batch.length > 1) most = Math.ceil(batch.length / 2)
    else if (txid === null) {
      events.budgetUsed({ on, waiting: changes.length })
      return
    } else {
      changes.splice(0, batch.length)
      events.published({ created: create.length, spent: spend.length, txid })
      const carried = create.flatMap((statement) => (statement.kind === 'withdrawal' ? [statement.withdrawal] : []))
      await notePublished(
        withdrawals,
        carried.map((withdrawal) => ({ withdrawal, txid })),
      )
    }
  }
}

/** The first changes, as many as one transaction takes, one at least. */
function batchOf(changes: readonly Change[], most: number): Change[] {
  let spends = 0
  const end = changes.findIndex(({ spend }, index) => index >= most || (spends += spend.length) > mostSpends)
  return changes.slice(0, end < 0 ? changes.length : Math.max(1, end))
}

async function notePublished(
  withdrawals: Pick<WithdrawalStore, 'notePublished'>,
  published: Parameters<WithdrawalStore['notePublished']>[0],
): Promise<void> {
  if (published.length > 0) await withdrawals.notePublished(published)
}
