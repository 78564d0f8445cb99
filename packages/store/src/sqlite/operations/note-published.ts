import type { IdentityKey } from '@overpost/protocol'
import type { WriterContext } from '../writer-context.ts'

/** Notes which transactions carry withdrawals (`WithdrawalStore.notePublished`). */
export function notePublished(
  context: WriterContext,
  published: readonly { userKey: IdentityKey; hostKey: string; atMs: number; txid: string }[],
): void {
  const update = context.sql('UPDATE withdrawals SET txid = ? WHERE user_key = ? AND host_key = ? AND at_ms = ?')
  for (const { userKey, hostKey, atMs, txid } of published) {
    update.run(txid, Buffer.from(userKey, 'hex'), hostKey, atMs)
  }
}
