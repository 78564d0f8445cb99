import type { IdentityKey, RoutingAuthorization } from '@overpost/protocol'

/** A user's permission to host them, and whether it stands. */
export interface StoredAuthorization {
  readonly authorization: RoutingAuthorization
  readonly revokedAtMs: number | null
}

/** One that stands. */
export interface StandingAuthorization {
  readonly authorization: RoutingAuthorization
  readonly storedAtMs: number
}

/**
 * Whom this host may host: for each user the newest authorization. Each call is atomic and durable when it resolves.
 * @throws {RelayError} ERR_STORAGE_FULL when there is no room, ERR_UNAVAILABLE when the disk fails.
 */
export interface AuthorizationStore {
  /** `older`: a later one, or a revocation of this very one, is here, and stays. `unchanged`: the same one stands already. */
  put(authorization: RoutingAuthorization, nowMs: number): Promise<'stored' | 'unchanged' | 'older'>
  find(user: IdentityKey): Promise<StoredAuthorization | null>
  /** False when there was nothing that stood. */
  revoke(user: IdentityKey, nowMs: number): Promise<boolean>
  /** Those that stand, by user key, after `afterUser`; at most `limit`. */
  page(afterUser: IdentityKey | null, limit: number): Promise<StandingAuthorization[]>
}
