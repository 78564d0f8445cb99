import type { Db } from '../database.ts'

/** Users who move away. */
export function addHandovers(db: Db): void {
  db.exec(`
    CREATE TABLE handovers (
      user_key BLOB PRIMARY KEY,
      from_key BLOB NOT NULL,
      to_key BLOB NOT NULL,
      at_ms INTEGER NOT NULL,
      signature BLOB NOT NULL,
      done INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
  `)
}
