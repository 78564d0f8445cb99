import type { Db } from '../database.ts'

/** What this host can sign for, beside the forward id under which it came: null where there is nothing to sign. */
export function addCustody(db: Db): void {
  db.exec(`
    ALTER TABLE remembered ADD COLUMN leaf BLOB;
    ALTER TABLE remembered ADD COLUMN stored_at_ms INTEGER;
  `)
}
