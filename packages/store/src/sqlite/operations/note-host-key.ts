import type { HostOrigin, IdentityKey } from '@overpost/protocol'
import type { WriterContext } from '../writer-context.ts'

/** Notes which key an origin shows (`HostKeyStore.note`). */
export function noteHostKey(
  context: WriterContext,
  { origin, shown, nowMs }: { origin: HostOrigin; shown: IdentityKey; nowMs: number },
): 'remembered' | 'same' | 'changed' {
  const shownBytes = Buffer.from(shown, 'hex')
  const known = context.sql<[Buffer]>('SELECT host_key FROM host_keys WHERE origin = ?').get(origin)
  if (known === undefined) {
    context
      .sql('INSERT INTO host_keys (origin, host_key, offered_key, changed_at_ms) VALUES (?, ?, NULL, ?)')
      .run(origin, shownBytes, nowMs)
    return 'remembered'
  }
  const isSame = known[0].equals(shownBytes)
  context
    .sql('UPDATE host_keys SET offered_key = ?, changed_at_ms = ? WHERE origin = ? AND offered_key IS NOT ?')
    .run(isSame ? null : shownBytes, nowMs, origin, isSame ? null : shownBytes)
  return isSame ? 'same' : 'changed'
}
