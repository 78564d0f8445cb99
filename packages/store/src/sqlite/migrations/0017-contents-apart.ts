import type { Db } from '../database.ts'

/**
 * What is large and never changes goes apart from what changes: a row that settles is small, so that a commit writes few pages, and
 * one that is sent in an answer is signed for together with the others of it.
 */
export function keepContentsApart(db: Db): void {
  db.exec(`
    -- Of a message on its way out: for as long as it may be sent, or sent again.
    CREATE TABLE outgoing_contents (
      id INTEGER PRIMARY KEY,       -- the message's in outgoing
      body TEXT,                    -- null: the guest's copy has it
      envelope BLOB,
      request BLOB
    ) STRICT;
    INSERT INTO outgoing_contents (id, body, envelope, request) SELECT id, body, envelope, request FROM outgoing
      WHERE coalesce(body, envelope, request, guest_message) IS NOT NULL;
    ALTER TABLE outgoing DROP COLUMN body;
    ALTER TABLE outgoing DROP COLUMN envelope;
    ALTER TABLE outgoing DROP COLUMN request;

    -- What other hosts signed for the messages of one answer: custody receipts, but for each one's place.
    CREATE TABLE custody_answers (
      id INTEGER PRIMARY KEY,
      leaves BLOB NOT NULL,         -- 32 bytes each
      signature BLOB NOT NULL,
      parcels INTEGER NOT NULL      -- whose receipts it holds
    ) STRICT;
    ALTER TABLE parcels DROP COLUMN receipt; -- whole ones, of no release: they cannot be made into these
    ALTER TABLE parcels ADD COLUMN answer_id INTEGER; -- null: no receipt
    ALTER TABLE parcels ADD COLUMN answer_index INTEGER;
    ALTER TABLE parcels ADD COLUMN stored_at_ms INTEGER;
    ALTER TABLE parcels ADD COLUMN body_hash BLOB;
    CREATE TRIGGER parcels_go AFTER DELETE ON parcels WHEN old.answer_id IS NOT NULL BEGIN
      UPDATE custody_answers SET parcels = parcels - 1 WHERE id = old.answer_id;
      DELETE FROM custody_answers WHERE id = old.answer_id AND parcels = 0;
    END;
  `)
}
