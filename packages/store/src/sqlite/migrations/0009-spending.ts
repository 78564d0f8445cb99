import type { Db } from '../database.ts'

/** What adverts cost, by days since 1970. */
export function addSpending(db: Db): void {
  db.exec(`
    CREATE TABLE spending (
      day INTEGER NOT NULL,
      spent_on TEXT NOT NULL,       -- known or newcomers
      satoshis INTEGER NOT NULL,
      PRIMARY KEY (day, spent_on)
    ) STRICT, WITHOUT ROWID;
  `)
}
