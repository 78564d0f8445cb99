import type { IdentityKey, SyncAcknowledgements } from '@overpost/protocol'
import type { WriterContext } from '../writer-context.ts'

/** Keeps what is to be passed on (`AcknowledgementStore.putPassage`). */
export function putPassage(
  context: WriterContext,
  { sync, nowMs }: { sync: SyncAcknowledgements; nowMs: number },
): void {
  context
    .sql(`INSERT INTO passages (sync, noted_at_ms, due_at_ms, done, attempts) VALUES (?, ?, ?, '[]', 0)`)
    .run(JSON.stringify(sync), nowMs, nowMs)
}

/** Puts it off, or is done with it (`AcknowledgementStore.finishPassage`). */
export function finishPassage(
  context: WriterContext,
  { id, next }: { id: number; next: { readonly atMs: number; readonly done: readonly IdentityKey[] } | null },
): void {
  if (next === null) context.sql('DELETE FROM passages WHERE id = ?').run(id)
  else {
    context
      .sql('UPDATE passages SET due_at_ms = ?, done = ?, attempts = attempts + 1 WHERE id = ?')
      .run(next.atMs, JSON.stringify(next.done), id)
  }
}
