import { originForRouting, type HostOrigin, type IdentityKey, type RoutingAuthorization } from '@overpost/protocol'
import { isInForce } from './homes.ts'
import type { OwnToken, Statement } from './ports/advert-publisher.ts'
import type { AuthorizationStore } from './ports/authorization-store.ts'
import type { StoredWithdrawal, WithdrawalStore } from './ports/withdrawal-store.ts'

const pageSize = 500

/** What to create and what to spend, so that our tokens say what users signed. */
export interface AdvertPlan {
  readonly create: Statement[]
  readonly spend: OwnToken[]
}

/** The authorizations for this host at this address that stand. */
export async function standingAuthorizations(
  authorizations: Pick<AuthorizationStore, 'page'>,
  self: { readonly hostKey: IdentityKey; readonly origin: HostOrigin },
  nowMs: number,
): Promise<RoutingAuthorization[]> {
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
 */
export function planAdverts(wanted: readonly Statement[], held: readonly OwnToken[]): AdvertPlan {
  const standing = new Map(wanted.map((statement) => [termsOf(statement), statement]))
  const said = new Set(held.map(({ statement }) => termsOf(statement)))
  return {
    create: [...standing].filter(([terms]) => !said.has(terms)).map(([, statement]) => statement),
    spend: held.filter(({ statement }) => !standing.has(termsOf(statement))),
  }
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
