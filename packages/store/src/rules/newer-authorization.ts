import type { StoredAuthorization } from '@overpost/core'
import type { RoutingAuthorization } from '@overpost/protocol'

/** What putting `next` does to what is stored. Undated ones come before all dated ones (phip.md section 10). */
export function putOutcome(
  stored: StoredAuthorization | null,
  next: RoutingAuthorization,
): 'stored' | 'unchanged' | 'older' {
  if (stored === null) return 'stored'
  if (areSameTerms(stored.authorization, next)) return stored.revokedAtMs === null ? 'unchanged' : 'older'
  return issuedAtMs(next) < issuedAtMs(stored.authorization) ? 'older' : 'stored'
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
