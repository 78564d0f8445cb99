import type { IdentityKey } from '@overpost/protocol'
import type { WriterContext } from '../writer-context.ts'

/** Revokes what stands of a user. Returns whether anything did. */
export function revokeAuthorization(
  context: WriterContext,
  { user, nowMs }: { user: IdentityKey; nowMs: number },
): boolean {
  const sql = 'UPDATE authorizations SET revoked_at_ms = ? WHERE user_key = ? AND revoked_at_ms IS NULL'
  return context.sql(sql).run(nowMs, Buffer.from(user, 'hex')).changes > 0
}
