import type { Db } from '../database.ts'

/** Whom the operator lets in, and whom not. */
export function addOperatorRules(db: Db): void {
  db.exec(`
    CREATE TABLE operator_rules (
      subject TEXT NOT NULL,   -- host or sender
      key BLOB NOT NULL,
      verdict TEXT NOT NULL,   -- allow or deny
      note TEXT NOT NULL,
      set_at_ms INTEGER NOT NULL,
      PRIMARY KEY (subject, key)
    ) STRICT, WITHOUT ROWID;
  `)
}
