import type { IdentityKey, SignedWithdrawal } from '@overpost/protocol'

/** A withdrawal that this host publishes for its user. */
export interface StoredWithdrawal {
  readonly withdrawal: SignedWithdrawal
  /** The transaction that carries it; null until there is one. */
  readonly txid: string | null
}

/**
 * What users take back with this host's help: for each user and host (or `ALL`) the latest withdrawal. Each call is atomic and
 * durable when it resolves. @throws {RelayError} ERR_UNAVAILABLE when the disk fails.
 */
export interface WithdrawalStore {
  /**
   * Keeps it, and in the same step revokes the authorization in this store that it ends: of the same user, to the host that it names (any,
   * for `ALL`), issued before it or without dates. `unchanged`: the very same is here; `older`: a later one is; `full`: the user has
   * withdrawn `most` others. All but `stored` change nothing.
   */
  put(withdrawal: SignedWithdrawal, nowMs: number, most: number): Promise<'stored' | 'unchanged' | 'older' | 'full'>
  find(user: IdentityKey, hostKey: IdentityKey | 'ALL'): Promise<StoredWithdrawal | null>
  /** In order of user and host, after `after`; at most `limit`. */
  page(after: { userKey: IdentityKey; hostKey: string } | null, limit: number): Promise<StoredWithdrawal[]>
  /** Notes which transaction carries withdrawals. Those that a later one replaced meanwhile are left alone. */
  notePublished(published: readonly { withdrawal: SignedWithdrawal; txid: string }[]): Promise<void>
}
