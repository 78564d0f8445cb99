import type { StoredWithdrawal, WithdrawalStore } from '@overpost/core'
import type { IdentityKey, SignedWithdrawal } from '@overpost/protocol'
import type { ReaderContext } from './reader-context.ts'
import { withdrawalsAfter, withdrawalsOf } from './tables/withdrawals.ts'
import type { Writer } from './writer/group-commit.ts'

/** What users take back, in SQLite. */
export class SqliteWithdrawalStore implements WithdrawalStore {
  readonly #reader: ReaderContext
  readonly #writer: Writer
  readonly #revoked: (user: IdentityKey) => void

  /** `revoked` is told of each user whose authorization a withdrawal may have ended. */
  constructor(reader: ReaderContext, writer: Writer, revoked: (user: IdentityKey) => void) {
    this.#reader = reader
    this.#writer = writer
    this.#revoked = revoked
  }

  put(withdrawal: SignedWithdrawal, nowMs: number, most: number): Promise<'stored' | 'unchanged' | 'older' | 'full'> {
    // A signature may be a view of a larger buffer, all of which would be cloned.
    const signature = Uint8Array.from(withdrawal.signature)
    const put = this.#writer.run('putWithdrawal', { withdrawal: { ...withdrawal, signature }, nowMs, most })
    return put.finally(() => this.#revoked(withdrawal.userKey))
  }

  find(user: IdentityKey, hostKey: IdentityKey | 'ALL'): Promise<StoredWithdrawal | null> {
    return new Promise((resolve) => {
      const all = this.#reader.read(() => withdrawalsOf(this.#reader, user))
      resolve(all.find(({ withdrawal }) => withdrawal.hostKey === hostKey) ?? null)
    })
  }

  page(after: { userKey: IdentityKey; hostKey: string } | null, limit: number): Promise<StoredWithdrawal[]> {
    return new Promise((resolve) => {
      const from = after ?? { userKey: '', hostKey: '' }
      resolve(this.#reader.read(() => withdrawalsAfter(this.#reader, from, limit)))
    })
  }

  async notePublished(published: readonly { withdrawal: SignedWithdrawal; txid: string }[]): Promise<void> {
    const rows = published.map(({ withdrawal: { userKey, hostKey, atMs }, txid }) => ({ userKey, hostKey, atMs, txid }))
    await this.#writer.run('notePublished', rows)
  }
}
