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

/** Makes due what waits for a later time (`AcknowledgementStore.wakePassages`). */
export function wakePassages(context: WriterContext, { ids, nowMs }: { ids: readonly number[]; nowMs: number }): void {
  const wake = context.sql('UPDATE passages SET due_at_ms = ? WHERE id = ? AND due_at_ms > ?')
  for (const id of ids) wake.run(nowMs, id, nowMs)
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
