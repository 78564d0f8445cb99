import type { StoredWithdrawal, WithdrawalStore } from '@overpost/core'
import type { IdentityKey, SignedWithdrawal } from '@overpost/protocol'
import { withdrawalOutcome } from '../rules/put-withdrawal.ts'
import type { MemoryAuthorizationStore } from './memory-authorization-store.ts'

/** The withdrawals of one process, gone with it. */
export class MemoryWithdrawalStore implements WithdrawalStore {
  readonly #all = new Map<string, StoredWithdrawal>()
  readonly #authorizations: MemoryAuthorizationStore

  constructor(authorizations: MemoryAuthorizationStore) {
    this.#authorizations = authorizations
  }

  put(withdrawal: SignedWithdrawal, nowMs: number, most: number): Promise<'stored' | 'unchanged' | 'older' | 'full'> {
    const others = [...this.#all.values()].map((stored) => stored.withdrawal)
    const ofUser = others.filter(({ userKey }) => userKey === withdrawal.userKey)
    const outcome = withdrawalOutcome(ofUser, withdrawal, most)
    if (outcome === 'stored') {
      this.#all.set(nameOf(withdrawal), { withdrawal, txid: null })
      this.#authorizations.withdraw(withdrawal, nowMs)
    }
    return Promise.resolve(outcome)
  }

  find(user: IdentityKey, hostKey: IdentityKey | 'ALL'): Promise<StoredWithdrawal | null> {
    return Promise.resolve(this.#all.get(nameOf({ userKey: user, hostKey })) ?? null)
  }

  page(after: { userKey: IdentityKey; hostKey: string } | null, limit: number): Promise<StoredWithdrawal[]> {
    const last = after === null ? '' : nameOf(after)
    const rest = [...this.#all].filter(([name]) => name > last).toSorted(([a], [b]) => (a < b ? -1 : 1))
    return Promise.resolve(rest.slice(0, limit).map(([, stored]) => stored))
  }

  notePublished(published: readonly { withdrawal: SignedWithdrawal; txid: string }[]): Promise<void> {
    for (const { withdrawal, txid } of published) {
      const stored = this.#all.get(nameOf(withdrawal))
      if (stored?.withdrawal.atMs === withdrawal.atMs) this.#all.set(nameOf(withdrawal), { ...stored, txid })
    }
    return Promise.resolve()
  }
}

function nameOf({ userKey, hostKey }: { userKey: IdentityKey; hostKey: string }): string {
  return `${userKey} ${hostKey}`
}
