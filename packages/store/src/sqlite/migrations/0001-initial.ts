import { randomBytes } from 'node:crypto'
import type { Db } from '../database.ts'

/** Everything but the bodies is kept small: keys, boxes and hosts are named by integers, and few trees grow per message. */
export function createInitialTables(db: Db): void {
  db.exec(`
    CREATE TABLE store (incarnation TEXT NOT NULL) STRICT;

    CREATE TABLE identities (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE) STRICT;

    -- A box; last_sequence is never taken back.
    CREATE TABLE mailboxes (
      id INTEGER PRIMARY KEY,
      owner_id INTEGER NOT NULL REFERENCES identities,
      name TEXT NOT NULL,
      last_sequence INTEGER NOT NULL,
      UNIQUE (owner_id, name)
    ) STRICT;

    -- What waits in the boxes. The id is mailbox << 32 | sequence, so that a box is a range.
    CREATE TABLE messages (
      id INTEGER PRIMARY KEY,
      owner_id INTEGER NOT NULL,
      mailbox_id INTEGER NOT NULL,
      sender_id INTEGER NOT NULL,
      message_id TEXT NOT NULL,
      listed_id TEXT,               -- null: the message id
      content_type INTEGER NOT NULL, -- 0 text/plain, 1 application/json
      body TEXT NOT NULL,
      received_at_ms INTEGER NOT NULL,
      origin_id INTEGER,            -- the host that handed it in; null: its sender did
      envelope_at_ms INTEGER,
      envelope BLOB,                -- 32 bytes of hash, then the signature
      outgoing_id INTEGER,          -- a guest: the message on its way out that this is a copy of
      stays INTEGER NOT NULL        -- 1: it was listed, or its home is here too
    ) STRICT;
    CREATE UNIQUE INDEX messages_identity ON messages (owner_id, message_id, mailbox_id, sender_id);
    CREATE UNIQUE INDEX messages_listed_id ON messages (owner_id, listed_id) WHERE listed_id IS NOT NULL;

    -- Forward ids (source: the host's identity) and envelopes (source 0) by the time they were made.
    CREATE TABLE remembered (
      made_at_ms INTEGER NOT NULL,
      source_id INTEGER NOT NULL,
      key BLOB NOT NULL,
      PRIMARY KEY (made_at_ms, source_id, key)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE destinations (
      id INTEGER PRIMARY KEY,
      host_key BLOB NOT NULL,
      origin TEXT NOT NULL,
      failures INTEGER NOT NULL,
      next_attempt_at_ms INTEGER NOT NULL,
      reason TEXT,
      UNIQUE (host_key, origin)
    ) STRICT;
    CREATE INDEX destinations_failing ON destinations (id) WHERE failures > 0;

    -- A message on its way out, for all its destinations.
    CREATE TABLE outgoing (
      id INTEGER PRIMARY KEY,
      recipient_id INTEGER NOT NULL,
      sender_id INTEGER NOT NULL,
      box TEXT NOT NULL,
      message_id TEXT NOT NULL,
      content_type INTEGER NOT NULL,
      body TEXT,                    -- null: the guest's copy has it
      body_bytes INTEGER NOT NULL,
      envelope_at_ms INTEGER,
      envelope BLOB,
      accepted_at_ms INTEGER NOT NULL,
      guest_message INTEGER,        -- the id of the copy here
      waiting INTEGER NOT NULL,     -- parcels that wait, and 1 for a look-up
      places INTEGER NOT NULL,      -- rows in parcels
      lookup_at_ms INTEGER,         -- not null: it looks for a home
      lookups INTEGER NOT NULL,
      failed INTEGER NOT NULL,      -- 1: no home was found, for that reason
      reason TEXT
    ) STRICT;
    CREATE UNIQUE INDEX outgoing_identity ON outgoing (recipient_id, message_id, box, sender_id)
      WHERE waiting > 0 AND guest_message IS NULL;
    CREATE INDEX outgoing_lookup ON outgoing (recipient_id, lookup_at_ms, id) WHERE lookup_at_ms IS NOT NULL;
    CREATE INDEX outgoing_failed ON outgoing (id) WHERE failed = 1;

    -- One message to one host. The id is outgoing id << 6 | place.
    CREATE TABLE parcels (
      id INTEGER PRIMARY KEY,
      destination_id INTEGER NOT NULL,
      state INTEGER NOT NULL,       -- 0 waits, 1 delivered, 2 failed, 3 rerouted
      due_at_ms INTEGER NOT NULL,
      attempts INTEGER NOT NULL,
      forward_id BLOB NOT NULL,
      reason TEXT
    ) STRICT;
    CREATE INDEX parcels_due ON parcels (destination_id, due_at_ms, id) WHERE state = 0;
    CREATE INDEX parcels_failed ON parcels (id) WHERE state = 2;

    CREATE TABLE authorizations (
      user_key BLOB PRIMARY KEY,
      host_key BLOB NOT NULL,
      origin TEXT NOT NULL,
      pattern TEXT,
      issued_at_ms INTEGER,
      expires_at_ms INTEGER,
      signature BLOB NOT NULL,
      stored_at_ms INTEGER NOT NULL,
      revoked_at_ms INTEGER
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE session_state (id INTEGER PRIMARY KEY CHECK (id = 1), state BLOB NOT NULL) STRICT;
  `)
  db.prepare('INSERT INTO store (incarnation) VALUES (?)').run(randomBytes(16).toString('hex'))
}
