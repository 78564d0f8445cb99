import type { Db } from '../database.ts'

/** Who may send to a box, and for what fee. */
export function addDeliveryRules(db: Db): void {
  db.exec(`
    CREATE TABLE delivery_rules (
      owner_key BLOB NOT NULL,
      box TEXT NOT NULL,
      sender_key BLOB NOT NULL,       -- empty: the box as a whole
      fee_satoshis INTEGER NOT NULL,  -- 0: nothing; -1: blocked
      created_at_ms INTEGER NOT NULL,
      updated_at_ms INTEGER NOT NULL,
      PRIMARY KEY (owner_key, box, sender_key)
    ) STRICT, WITHOUT ROWID;
  `)
}
