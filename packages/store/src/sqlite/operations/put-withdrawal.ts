import type { SignedWithdrawal } from '@overpost/protocol'
import { isEndedBy } from '../../rules/newer-authorization.ts'
import { withdrawalOutcome } from '../../rules/put-withdrawal.ts'
import { authorizationColumns, decodeAuthorization, type AuthorizationRow } from '../authorization-row.ts'
import { withdrawalsOf } from '../tables/withdrawals.ts'
import type { WriterContext } from '../writer-context.ts'
import { revokeAuthorization } from './revoke-authorization.ts'

/** Keeps a withdrawal, and revokes what it ends here (`WithdrawalStore.put`). */
export function putWithdrawal(
  context: WriterContext,
  { withdrawal, nowMs, most }: { withdrawal: SignedWithdrawal; nowMs: number; most: number },
): 'stored' | 'unchanged' | 'older' | 'full' {
  const { userKey, hostKey, atMs, signature } = withdrawal
  const others = withdrawalsOf(context, userKey).map((stored) => stored.withdrawal)
  const outcome = withdrawalOutcome(others, withdrawal, most)
  if (outcome !== 'stored') return outcome
  const user = Buffer.from(userKey, 'hex')
  context
    .sql('INSERT OR REPLACE INTO withdrawals (user_key, host_key, at_ms, signature, txid) VALUES (?, ?, ?, ?, NULL)')
    .run(user, hostKey, atMs, Buffer.from(signature))
  const row = context
    .sql<AuthorizationRow>(`SELECT ${authorizationColumns} FROM authorizations WHERE user_key = ?`)
    .get(user)
  if (row !== undefined && isEndedBy(decodeAuthorization(row).authorization, withdrawal)) {
    revokeAuthorization(context, { user: userKey, nowMs })
  }
  return outcome
}
