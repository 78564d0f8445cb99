import type { Db } from '../database.ts'

/** Acknowledgements among a user's hosts: what has not come yet, what is passed on, and what is acknowledged elsewhere. */
export function addAcknowledgements(db: Db): void {
  db.exec(`
    -- 1: another host says that its owner acknowledged it there.
    ALTER TABLE messages ADD COLUMN elsewhere INTEGER NOT NULL DEFAULT 0;

    -- Acknowledged by its owner before it came.
    CREATE TABLE awaited (
      owner_id INTEGER NOT NULL,
      message_id TEXT NOT NULL,
      box TEXT NOT NULL,
      sender_id INTEGER NOT NULL,
      noted_at_ms INTEGER NOT NULL,
      PRIMARY KEY (owner_id, message_id, box, sender_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX awaited_age ON awaited (noted_at_ms);

    CREATE TABLE passages (
      id INTEGER PRIMARY KEY,
      sync TEXT NOT NULL,           -- JSON, as it is sent
      noted_at_ms INTEGER NOT NULL,
      due_at_ms INTEGER NOT NULL,
      done TEXT NOT NULL,           -- JSON: keys of hosts
      attempts INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX passages_due ON passages (due_at_ms);
  `)
}
