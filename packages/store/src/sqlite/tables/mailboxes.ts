import type { WriterContext } from '../writer-context.ts'

/** What is in a box no more, up to that sequence, may have been removed: it does not count as acknowledged. */
export function notePruned(context: WriterContext, mailboxId: number, sequence: number): void {
  context.sql('UPDATE mailboxes SET pruned_to = max(pruned_to, ?) WHERE id = ?').run(sequence, mailboxId)
}
