import type { RoutingAuthorization } from '@overpost/protocol'
import { putOutcome } from '../../rules/newer-authorization.ts'
import { authorizationColumns, decodeAuthorization, type AuthorizationRow } from '../authorization-row.ts'
import { withdrawalsOf } from '../tables/withdrawals.ts'
import type { WriterContext } from '../writer-context.ts'

/** Keeps a user's authorization unless a later one is here (`AuthorizationStore.put`). */
export function putAuthorization(
  context: WriterContext,
  { authorization, nowMs }: { authorization: RoutingAuthorization; nowMs: number },
): 'stored' | 'unchanged' | 'older' {
  const userKey = Buffer.from(authorization.userKey, 'hex')
  const row = context
    .sql<AuthorizationRow>(`SELECT ${authorizationColumns} FROM authorizations WHERE user_key = ?`)
    .get(userKey)
  const withdrawals = withdrawalsOf(context, authorization.userKey).map(({ withdrawal }) => withdrawal)
  const outcome = putOutcome(row === undefined ? null : decodeAuthorization(row), authorization, withdrawals)
  if (outcome !== 'stored') return outcome
  const { hostKey, origin, pattern, dates, signature } = authorization
  context
    .sql(
      `INSERT OR REPLACE INTO authorizations (${authorizationColumns}, stored_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?)`,
    )
    .run(
      userKey,
      Buffer.from(hostKey, 'hex'),
      origin,
      pattern,
      dates?.issuedAtMs ?? null,
      dates?.expiresAtMs ?? null,
      Buffer.from(signature),
      nowMs,
    )
  return outcome
}
