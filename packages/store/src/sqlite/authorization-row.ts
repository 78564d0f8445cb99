import type { StoredAuthorization } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'

export type AuthorizationRow = [
  Buffer,
  Buffer,
  string,
  string | null,
  number | null,
  number | null,
  Buffer,
  number | null,
]

export const authorizationColumns =
  'user_key, host_key, origin, pattern, issued_at_ms, expires_at_ms, signature, revoked_at_ms'

export function decodeAuthorization(row: AuthorizationRow): StoredAuthorization {
  const [userKey, hostKey, origin, pattern, issuedAtMs, expiresAtMs, signature, revokedAtMs] = row
  const dates = issuedAtMs === null || expiresAtMs === null ? null : { issuedAtMs, expiresAtMs }
  return {
    authorization: {
      userKey: userKey.toString('hex') as IdentityKey,
      hostKey: hostKey.toString('hex') as IdentityKey,
      origin,
      pattern,
      dates,
      signature: Uint8Array.from(signature),
    },
    revokedAtMs,
  }
}
