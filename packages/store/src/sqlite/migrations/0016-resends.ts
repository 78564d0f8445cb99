import type { Db } from '../database.ts'

/** Hosts whose logs began anew, from a backup, get again what they had (docs/specs/resend.md). */
export function addResends(db: Db): void {
  db.exec(`
    ALTER TABLE parcels ADD COLUMN again INTEGER; -- 1, with state 0: it was delivered, and goes again
    CREATE INDEX parcels_again ON parcels (id) WHERE again = 1;

    -- What the logs of other hosts are called, as they said last.
    CREATE TABLE host_logs (
      host_key BLOB PRIMARY KEY,
      log TEXT NOT NULL,
      anew_at_ms INTEGER,           -- when it was last found to have begun anew
      resent_up_to INTEGER,         -- null: nothing is to go again; else messages up to this id were looked at
      resend_up_to INTEGER          -- the last id to look at
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX host_logs_resending ON host_logs (host_key) WHERE resent_up_to IS NOT NULL;

    -- Hosts that are still to hear that the log here began anew.
    CREATE TABLE log_news (
      destination_id INTEGER PRIMARY KEY,
      since_ms INTEGER NOT NULL,
      due_at_ms INTEGER NOT NULL,
      attempts INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX log_news_due ON log_news (due_at_ms);
  `)
}
