import type { StoredAuthorization } from '@overpost/core'
import type { RoutingAuthorization, Withdrawal } from '@overpost/protocol'

/** What putting `next` does to what is stored. Undated ones come before all dated ones (phip.md section 10). */
export function putOutcome(
  stored: StoredAuthorization | null,
  next: RoutingAuthorization,
  /** Those of its user that are here. */
  withdrawals: readonly Withdrawal[],
): 'stored' | 'unchanged' | 'older' {
  if (withdrawals.some((withdrawal) => isEndedBy(next, withdrawal))) return 'older'
  if (stored === null) return 'stored'
  if (areSameTerms(stored.authorization, next)) return stored.revokedAtMs === null ? 'unchanged' : 'older'
  return issuedAtMs(next) < issuedAtMs(stored.authorization) ? 'older' : 'stored'
}

/** Whether a withdrawal of the same user ends it: without dates, any does (phip.md section 10). */
export function isEndedBy({ hostKey, dates }: RoutingAuthorization, withdrawal: Withdrawal): boolean {
  if (dates === null) return true
  return [hostKey, 'ALL'].includes(withdrawal.hostKey) && dates.issuedAtMs < withdrawal.atMs
}

/** Signatures do not count: whoever made one can make another for the same terms. */
function areSameTerms(a: RoutingAuthorization, b: RoutingAuthorization): boolean {
  return (
    a.hostKey === b.hostKey &&
    a.origin === b.origin &&
    a.pattern === b.pattern &&
    a.dates?.issuedAtMs === b.dates?.issuedAtMs &&
    a.dates?.expiresAtMs === b.dates?.expiresAtMs
  )
}

function issuedAtMs({ dates }: RoutingAuthorization): number {
  return dates?.issuedAtMs ?? -Infinity
}
