import type { Db } from '../database.ts'

/** What users take back with this host's help. */
export function addWithdrawals(db: Db): void {
  db.exec(`
    CREATE TABLE withdrawals (
      user_key BLOB NOT NULL,
      host_key TEXT NOT NULL,       -- in hexadecimal digits, or ALL
      at_ms INTEGER NOT NULL,
      signature BLOB NOT NULL,
      txid TEXT,                    -- null: no transaction carries it yet
      PRIMARY KEY (user_key, host_key)
    ) STRICT, WITHOUT ROWID;
  `)
}
