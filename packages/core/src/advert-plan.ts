import { originForRouting, type HostOrigin, type IdentityKey } from '@overpost/protocol'
import { isInForce } from './homes.ts'
import type { OwnToken, Statement } from './ports/advert-publisher.ts'
import type { AuthorizationStore, StandingAuthorization } from './ports/authorization-store.ts'
import type { SpentOn } from './ports/spending-store.ts'
import type { StoredWithdrawal, WithdrawalStore } from './ports/withdrawal-store.ts'

const pageSize = 500

/** One step towards tokens that say what users signed. */
export interface Change {
  readonly create: Statement | null
  /** What the new one replaces, or what is over. */
  readonly spend: readonly OwnToken[]
}

/** What is to be done, each list with the most urgent first. */
export type AdvertPlan = Record<SpentOn, Change[]>

/** What a user signed and a token is to carry. */
export interface Wanted {
  readonly statement: Statement
  /** Since when it is here, in Unix milliseconds. */
  readonly sinceMs: number
}

/** The authorizations for this host at this address that stand. */
export async function standingAuthorizations(
  authorizations: Pick<AuthorizationStore, 'page'>,
  self: { readonly hostKey: IdentityKey; readonly origin: HostOrigin },
  nowMs: number,
): Promise<Wanted[]> {
  const standing: Wanted[] = []
  let afterUser: IdentityKey | null = null
  for (;;) {
    const page: StandingAuthorization[] = await authorizations.page(afterUser, pageSize)
    for (const { authorization, storedAtMs } of page) {
      const leadsTo = originForRouting(authorization.origin, { allowHttp: true })
      const isOurs = authorization.hostKey === self.hostKey && leadsTo === self.origin
      if (!isOurs || !isInForce(authorization, nowMs)) continue
      standing.push({ statement: { kind: 'authorization', authorization }, sinceMs: storedAtMs })
    }
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return standing
    afterUser = last.authorization.userKey
  }
}

export async function allWithdrawals(withdrawals: Pick<WithdrawalStore, 'page'>): Promise<StoredWithdrawal[]> {
  const all: StoredWithdrawal[] = []
  for (;;) {
    const page = await withdrawals.page(all.at(-1)?.withdrawal ?? null, pageSize)
    all.push(...page)
    if (page.length < pageSize) return all
  }
}

/**
 * What to create and what to spend. A second token for a statement, as after a crash between two steps, stays: a spend of one ends the
 * route of both, as anybody could have minted the other (phip.md section 6). A withdrawal holds also when its token is spent, so
 * that one which a later one replaces is spent too.
 *
 * Who has a token is known. Of the known, those come first who leave, then renewals, of what expires first: one who renews every
 * minute comes last. Newcomers in the order in which they came.
 */
export function planAdverts(wanted: readonly Wanted[], held: readonly OwnToken[]): AdvertPlan {
  const standing = new Set(wanted.map(({ statement }) => termsOf(statement)))
  const said = new Set(held.map(({ statement }) => termsOf(statement)))
  const over = new Map<string, OwnToken[]>()
  for (const token of held) {
    if (standing.has(termsOf(token.statement))) continue
    const subject = subjectOf(token.statement)
    over.set(subject, [...(over.get(subject) ?? []), token])
  }
  const hosted = new Set(held.map(({ userKey }) => userKey))
  const renewals: Change[] = []
  const newcomers: { change: Change; sinceMs: number }[] = []
  const urgent: Change[] = []
  for (const { statement, sinceMs } of distinct(wanted)) {
    if (said.has(termsOf(statement))) continue
    const subject = subjectOf(statement)
    const change = { create: statement, spend: over.get(subject) ?? [] }
    over.delete(subject)
    if (statement.kind === 'withdrawal') urgent.push(change)
    else if (hosted.has(statement.authorization.userKey)) renewals.push(change)
    else newcomers.push({ change, sinceMs })
  }
  return {
    known: [
      ...[...over.values()].flat().map((token) => ({ create: null, spend: [token] })),
      ...urgent,
      ...renewals.toSorted((a, b) => expiryOf(a) - expiryOf(b)),
    ],
    newcomers: newcomers.toSorted((a, b) => a.sinceMs - b.sinceMs).map(({ change }) => change),
  }
}

/** The first of the same terms. */
function distinct(wanted: readonly Wanted[]): Wanted[] {
  return [...new Map(wanted.map((one) => [termsOf(one.statement), one])).values()]
}

/** When the first of what it replaces ends. */
function expiryOf({ spend }: Change): number {
  const ends = spend.map(({ statement }) => (statement.kind === 'authorization' ? statement.authorization.dates : null))
  return Math.min(...ends.map((dates) => dates?.expiresAtMs ?? Infinity))
}

/** What a later statement of the same takes the place of. */
function subjectOf(statement: Statement): string {
  if (statement.kind === 'authorization') return statement.authorization.userKey
  return `${statement.withdrawal.userKey} ${statement.withdrawal.hostKey}`
}

/** Which of our tokens carry which withdrawals that are not known to be published. */
export function newlyPublished(
  stored: readonly StoredWithdrawal[],
  held: readonly OwnToken[],
): { withdrawal: StoredWithdrawal['withdrawal']; txid: string }[] {
  const txids = new Map(held.map(({ outpoint, statement }) => [termsOf(statement), outpoint.slice(0, 64)]))
  return stored.flatMap(({ withdrawal, txid }) => {
    const carrier = txid === null ? txids.get(termsOf({ kind: 'withdrawal', withdrawal })) : undefined
    return carrier === undefined ? [] : [{ withdrawal, txid: carrier }]
  })
}

/** Signatures do not count: whoever made one can make another for the same terms. */
function termsOf(statement: Statement): string {
  if (statement.kind === 'withdrawal') {
    const { userKey, hostKey, atMs } = statement.withdrawal
    return JSON.stringify(['withdrawal', userKey, hostKey, atMs])
  }
  const { userKey, hostKey, origin, pattern, dates } = statement.authorization
  return JSON.stringify([userKey, hostKey, origin, pattern, dates?.issuedAtMs ?? null, dates?.expiresAtMs ?? null])
}
