import type { Db } from '../database.ts'

/** A copy of a store says so, so that what is started from it is known to have gone back in time. */
export function markBackups(db: Db): void {
  db.exec(`
    ALTER TABLE store ADD COLUMN backup_at_ms INTEGER;   -- not null: a backup of that time, not yet started from
    ALTER TABLE store ADD COLUMN restored_to_ms INTEGER; -- the time of the backup that this store was last started from
  `)
}
