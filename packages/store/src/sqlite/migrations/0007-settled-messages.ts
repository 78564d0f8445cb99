import type { Db } from '../database.ts'

/** What became of a message on its way out stays for a while, for its sender to ask, instead of going with its last parcel. */
export function keepSettledMessages(db: Db): void {
  db.exec(`
    ALTER TABLE outgoing ADD COLUMN home_message INTEGER;  -- the id of the copy that is here to stay; it may be acknowledged
    ALTER TABLE outgoing ADD COLUMN failure TEXT;          -- why it can be delivered to no further home
    ALTER TABLE outgoing ADD COLUMN ended INTEGER;         -- 1 delivered, 2 acknowledged here, 3 returned; null: none yet
    ALTER TABLE outgoing ADD COLUMN settled_at_ms INTEGER; -- since when it has its end
    CREATE INDEX outgoing_settled ON outgoing (settled_at_ms) WHERE settled_at_ms IS NOT NULL;
    ALTER TABLE parcels ADD COLUMN receipt TEXT;           -- the other host's custody receipt, JSON

    -- How far a walk over messages in their order has come: it ends where nothing is old enough.
    CREATE TABLE walks (name TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;

    -- "failed" is 1 from now on when nothing waits, no host has it, and its sender is still to be told.
    UPDATE outgoing SET failure = reason WHERE failed = 1;
    UPDATE outgoing SET failed = (waiting = 0);
    UPDATE outgoing SET failure = (SELECT reason FROM parcels WHERE id >> 6 = outgoing.id AND state = 2)
      WHERE failed = 1 AND failure IS NULL;
    UPDATE outgoing SET failed = 0, ended = 1, settled_at_ms = accepted_at_ms
      WHERE failed = 1 AND EXISTS (SELECT 1 FROM parcels WHERE id >> 6 = outgoing.id AND state = 1);
    DROP INDEX parcels_failed;
  `)
}
