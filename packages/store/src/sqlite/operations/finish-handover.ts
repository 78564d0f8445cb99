import type { IdentityKey } from '@overpost/protocol'
import type { WriterContext } from '../writer-context.ts'

/** Notes that a move is done, unless a later one began (`HandoverStore.finish`). */
export function finishHandover(
  context: WriterContext,
  { userKey, atMs }: { userKey: IdentityKey; atMs: number },
): void {
  context.sql('UPDATE handovers SET done = 1 WHERE user_key = ? AND at_ms = ?').run(Buffer.from(userKey, 'hex'), atMs)
}
