import type { AuthorizationStore, StandingAuthorization, StoredAuthorization } from '@overpost/core'
import type { IdentityKey, RoutingAuthorization, Withdrawal } from '@overpost/protocol'
import { isEndedBy, putOutcome } from '../rules/newer-authorization.ts'

/** The authorizations of one process, gone with it. */
export class MemoryAuthorizationStore implements AuthorizationStore {
  readonly #byUser = new Map<IdentityKey, StoredAuthorization & { readonly storedAtMs: number }>()
  readonly #withdrawals: Withdrawal[] = []

  put(authorization: RoutingAuthorization, nowMs: number): Promise<'stored' | 'unchanged' | 'older'> {
    const withdrawals = this.#withdrawals.filter(({ userKey }) => userKey === authorization.userKey)
    const outcome = putOutcome(this.#byUser.get(authorization.userKey) ?? null, authorization, withdrawals)
    if (outcome === 'stored')
      this.#byUser.set(authorization.userKey, { authorization, revokedAtMs: null, storedAtMs: nowMs })
    return Promise.resolve(outcome)
  }

  find(user: IdentityKey): Promise<StoredAuthorization | null> {
    const stored = this.#byUser.get(user)
    if (stored === undefined) return Promise.resolve(null)
    return Promise.resolve({ authorization: stored.authorization, revokedAtMs: stored.revokedAtMs })
  }

  revoke(user: IdentityKey, nowMs: number): Promise<boolean> {
    const stored = this.#byUser.get(user)
    if (stored?.revokedAtMs !== null) return Promise.resolve(false)
    this.#byUser.set(user, { ...stored, revokedAtMs: nowMs })
    return Promise.resolve(true)
  }

  /** Revokes what a withdrawal ends, now and when it comes again. */
  withdraw(withdrawal: Withdrawal, nowMs: number): void {
    this.#withdrawals.push(withdrawal)
    const stored = this.#byUser.get(withdrawal.userKey)
    if (stored?.revokedAtMs !== null || !isEndedBy(stored.authorization, withdrawal)) return
    this.#byUser.set(withdrawal.userKey, { ...stored, revokedAtMs: nowMs })
  }

  page(afterUser: IdentityKey | null, limit: number): Promise<StandingAuthorization[]> {
    const standing = [...this.#byUser.values()]
      .filter(({ revokedAtMs, authorization }) => revokedAtMs === null && authorization.userKey > (afterUser ?? ''))
      .map(({ authorization, storedAtMs }) => ({ authorization, storedAtMs }))
      .toSorted((a, b) => (a.authorization.userKey < b.authorization.userKey ? -1 : 1))
    return Promise.resolve(standing.slice(0, limit))
  }
}
