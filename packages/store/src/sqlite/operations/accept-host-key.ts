import type { HostOrigin, IdentityKey } from '@overpost/protocol'
import type { WriterContext } from '../writer-context.ts'

/** Puts the offered key in the place of the known one (`HostKeyStore.accept`). */
export function acceptHostKey(
  context: WriterContext,
  { origin, offered, nowMs }: { origin: HostOrigin; offered: IdentityKey; nowMs: number },
): boolean {
  const sql = `UPDATE host_keys SET host_key = offered_key, offered_key = NULL, changed_at_ms = ?
    WHERE origin = ? AND offered_key = ?`
  return context.sql(sql).run(nowMs, origin, Buffer.from(offered, 'hex')).changes > 0
}
