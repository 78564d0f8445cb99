import type { Db } from '../database.ts'

/** Which key the host at an origin has, for routes that name no key. */
export function addHostKeys(db: Db): void {
  db.exec(`
    CREATE TABLE host_keys (
      origin TEXT NOT NULL PRIMARY KEY,
      host_key BLOB NOT NULL,
      offered_key BLOB,               -- another one that the origin showed; null: none
      changed_at_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
  `)
}
