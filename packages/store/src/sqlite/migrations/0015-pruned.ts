import type { Db } from '../database.ts'

/** How far retention has come in each box, so that what it removed does not count as acknowledged. */
export function notePruned(db: Db): void {
  db.exec('ALTER TABLE mailboxes ADD COLUMN pruned_to INTEGER NOT NULL DEFAULT 0') // a sequence
}
