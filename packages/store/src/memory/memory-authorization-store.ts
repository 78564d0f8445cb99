import type { AuthorizationStore, StoredAuthorization } from '@overpost/core'
import type { IdentityKey, RoutingAuthorization } from '@overpost/protocol'
import { putOutcome } from '../rules/newer-authorization.ts'

/** The authorizations of one process, gone with it. */
export class MemoryAuthorizationStore implements AuthorizationStore {
  readonly #byUser = new Map<IdentityKey, StoredAuthorization>()

  put(authorization: RoutingAuthorization): Promise<'stored' | 'unchanged' | 'older'> {
    const outcome = putOutcome(this.#byUser.get(authorization.userKey) ?? null, authorization)
    if (outcome === 'stored') this.#byUser.set(authorization.userKey, { authorization, revokedAtMs: null })
    return Promise.resolve(outcome)
  }

  find(user: IdentityKey): Promise<StoredAuthorization | null> {
    return Promise.resolve(this.#byUser.get(user) ?? null)
  }

  revoke(user: IdentityKey, nowMs: number): Promise<boolean> {
    const stored = this.#byUser.get(user)
    if (stored?.revokedAtMs !== null) return Promise.resolve(false)
    this.#byUser.set(user, { ...stored, revokedAtMs: nowMs })
    return Promise.resolve(true)
  }

  page(afterUser: IdentityKey | null, limit: number): Promise<RoutingAuthorization[]> {
    const standing = [...this.#byUser.values()]
      .filter(({ revokedAtMs, authorization }) => revokedAtMs === null && authorization.userKey > (afterUser ?? ''))
      .map(({ authorization }) => authorization)
      .toSorted((a, b) => (a.userKey < b.userKey ? -1 : 1))
    return Promise.resolve(standing.slice(0, limit))
  }
}
