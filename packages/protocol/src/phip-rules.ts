import { datesFault, maxAheadMs, type AuthorizationDates } from './phip-authorization.ts'
import type { Withdrawal } from './phip-withdrawal.ts'
import type { IdentityKey } from './scalars.ts'

/** A verified token, or something that carries what the rules ask of one. */
export interface RouteCandidate {
  readonly userKey: IdentityKey
  readonly hostKey: IdentityKey
  readonly origin: string
  readonly pattern: string | null
  readonly dates: AuthorizationDates | null
  /** Whether a transaction that was verified too spends it. */
  readonly spent?: boolean
}

/** Homes of one user that mail goes to. */
export const maxRoutes = 5

/**
 * Which verified tokens are routes (phip.md section 10), the newest first, those without dates in the order given:
 * - per user and host only the latest issued counts, also when it is spent: the host has ended it, or never took it up again;
 * - a date too far ahead, an expiry passed, and a life over 400 days do not count;
 * - a withdrawal ends what its user issued to its host, or to all, before its time; one that is too far ahead does not count. Whether
 *   the token that carries it is spent makes no difference: it is the user who says so, not the publisher;
 * - a user of whom any dated token, live or not, or any withdrawal is known has no undated routes;
 * - an undated token does not come back: once spent, every other of the same host, origin and pattern is void too;
 * - `accepts`, such as the box pattern, is asked before hosts are counted.
 * At most one route per user and host, at most `most` in all.
 */
export function selectRoutes<T extends RouteCandidate>(
  candidates: readonly T[],
  options: {
    nowMs: number
    most?: number
    accepts?: (candidate: T) => boolean
    /** The verified withdrawals that are known, of any user. */
    withdrawals?: readonly Withdrawal[]
  },
): T[] {
  const { nowMs, most = maxRoutes, accepts = () => true, withdrawals = [] } = options
  const latest = new Map<string, number>()
  const datedUsers = new Set<string>()
  const ended = new Set<string>()
  const withdrawnAtMs = new Map<string, number>()
  for (const { userKey, hostKey, atMs } of withdrawals) {
    if (atMs > nowMs + maxAheadMs) continue
    const home = `${userKey} ${hostKey}`
    datedUsers.add(userKey)
    withdrawnAtMs.set(home, Math.max(atMs, withdrawnAtMs.get(home) ?? 0))
  }
  const isWithdrawn = ({ userKey, hostKey }: T, issuedAtMs: number) =>
    [hostKey, 'ALL'].some((host) => issuedAtMs < (withdrawnAtMs.get(`${userKey} ${host}`) ?? 0))
  for (const { userKey, hostKey, origin, pattern, dates, spent } of candidates) {
    const home = `${userKey} ${hostKey}`
    if (dates !== null) {
      datedUsers.add(userKey)
      latest.set(home, Math.max(dates.issuedAtMs, latest.get(home) ?? 0))
      if (spent === true) ended.add(`${home} ${dates.issuedAtMs}`)
    } else if (spent === true) {
      ended.add(undatedName({ userKey, hostKey, origin, pattern }))
    }
  }

  const taken = new Set<string>()
  return candidates
    .filter((candidate) => {
      const { userKey, hostKey, dates, spent } = candidate
      if (spent === true) return false
      if (dates === null) return !datedUsers.has(userKey) && !ended.has(undatedName(candidate))
      const home = `${userKey} ${hostKey}`
      if (dates.issuedAtMs !== latest.get(home) || ended.has(`${home} ${dates.issuedAtMs}`)) return false
      return datesFault(dates, nowMs) === null && !isWithdrawn(candidate, dates.issuedAtMs)
    })
    .sort((a, b) => (b.dates?.issuedAtMs ?? 0) - (a.dates?.issuedAtMs ?? 0))
    .filter((candidate) => {
      const home = `${candidate.userKey} ${candidate.hostKey}`
      if (taken.has(home) || !accepts(candidate)) return false
      taken.add(home)
      return true
    })
    .slice(0, most)
}

function undatedName({ userKey, hostKey, origin, pattern }: Omit<RouteCandidate, 'dates' | 'spent'>): string {
  return `${userKey} ${hostKey} ${origin} ${pattern ?? 'ALL'}`
}
