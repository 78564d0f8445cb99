import type { Db } from '../database.ts'

/** What shows other hosts who wrote a message that has no envelope, and what users demand of such proofs. */
export function addSenderProofs(db: Db): void {
  db.exec(`
    -- The sender's request: 32 bytes of hash, then the parts of row-codes.ts.
    ALTER TABLE messages ADD COLUMN request BLOB;
    ALTER TABLE outgoing ADD COLUMN request BLOB;

    -- Requests that are good only once. They hold no time, so they are found by themselves, and forgotten by when they came.
    CREATE TABLE remembered_requests (
      hash BLOB PRIMARY KEY,
      received_at_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX remembered_requests_age ON remembered_requests (received_at_ms);

    CREATE TABLE proof_policies (
      owner_id INTEGER NOT NULL REFERENCES identities,
      box TEXT NOT NULL,
      minimum TEXT NOT NULL,
      plaintext_only INTEGER NOT NULL,
      PRIMARY KEY (owner_id, box)
    ) STRICT, WITHOUT ROWID;
  `)
}
