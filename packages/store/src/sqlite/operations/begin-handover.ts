import type { SignedHandover } from '@overpost/protocol'
import type { WriterContext } from '../writer-context.ts'
import { revokeAuthorization } from './revoke-authorization.ts'

/** Begins a user's move, and ends their authorization (`HandoverStore.begin`). */
export function beginHandover(
  context: WriterContext,
  { handover, nowMs }: { handover: SignedHandover; nowMs: number },
): boolean {
  const { userKey, from, to, atMs, signature } = handover
  const user = Buffer.from(userKey, 'hex')
  if (context.sql('SELECT 1 FROM authorizations WHERE user_key = ?').get(user) === undefined) return false
  const begun = context
    .sql(
      `INSERT INTO handovers (user_key, from_key, to_key, at_ms, signature, done) VALUES (?, ?, ?, ?, ?, 0)
       ON CONFLICT DO UPDATE SET from_key = excluded.from_key, to_key = excluded.to_key, at_ms = excluded.at_ms,
         signature = excluded.signature, done = 0 WHERE excluded.at_ms > at_ms`,
    )
    .run(user, Buffer.from(from, 'hex'), Buffer.from(to, 'hex'), atMs, Buffer.from(signature))
  if (begun.changes > 0) revokeAuthorization(context, { user: userKey, nowMs })
  return true
}
