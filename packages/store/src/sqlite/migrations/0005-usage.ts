import type { Db } from '../database.ts'

/**
 * What waits of each identity, and how many forward ids of it are remembered: kept by the database itself with every row that
 * comes and goes, whoever writes it, so that a quota costs one look and no counting.
 */
export function countUsage(db: Db): void {
  db.exec(`
    CREATE TABLE usage (
      identity_id INTEGER PRIMARY KEY,
      box_messages INTEGER NOT NULL DEFAULT 0,      -- in its boxes
      box_bytes INTEGER NOT NULL DEFAULT 0,
      outgoing_messages INTEGER NOT NULL DEFAULT 0, -- from it, on their way out
      outgoing_bytes INTEGER NOT NULL DEFAULT 0,
      memories INTEGER NOT NULL DEFAULT 0           -- forward ids of it, a host
    ) STRICT;

    CREATE TRIGGER messages_come AFTER INSERT ON messages BEGIN
      INSERT INTO usage (identity_id, box_messages, box_bytes) VALUES (new.owner_id, 1, octet_length(new.body))
        ON CONFLICT DO UPDATE SET box_messages = box_messages + 1, box_bytes = box_bytes + excluded.box_bytes;
    END;
    CREATE TRIGGER messages_go AFTER DELETE ON messages BEGIN
      UPDATE usage SET box_messages = box_messages - 1, box_bytes = box_bytes - octet_length(old.body)
        WHERE identity_id = old.owner_id;
    END;

    CREATE TRIGGER outgoing_comes AFTER INSERT ON outgoing WHEN new.waiting > 0 BEGIN
      INSERT INTO usage (identity_id, outgoing_messages, outgoing_bytes) VALUES (new.sender_id, 1, new.body_bytes)
        ON CONFLICT DO UPDATE SET outgoing_messages = outgoing_messages + 1,
          outgoing_bytes = outgoing_bytes + excluded.outgoing_bytes;
    END;
    CREATE TRIGGER outgoing_settles AFTER UPDATE OF waiting ON outgoing WHEN (new.waiting > 0) <> (old.waiting > 0) BEGIN
      UPDATE usage SET outgoing_messages = outgoing_messages + iif(new.waiting > 0, 1, -1),
          outgoing_bytes = outgoing_bytes + iif(new.waiting > 0, new.body_bytes, -old.body_bytes)
        WHERE identity_id = old.sender_id;
    END;
    CREATE TRIGGER outgoing_goes AFTER DELETE ON outgoing WHEN old.waiting > 0 BEGIN
      UPDATE usage SET outgoing_messages = outgoing_messages - 1, outgoing_bytes = outgoing_bytes - old.body_bytes
        WHERE identity_id = old.sender_id;
    END;

    CREATE TRIGGER remembered_comes AFTER INSERT ON remembered WHEN new.source_id > 0 BEGIN
      INSERT INTO usage (identity_id, memories) VALUES (new.source_id, 1)
        ON CONFLICT DO UPDATE SET memories = memories + 1;
    END;
    CREATE TRIGGER remembered_goes AFTER DELETE ON remembered WHEN old.source_id > 0 BEGIN
      UPDATE usage SET memories = memories - 1 WHERE identity_id = old.source_id;
    END;

    INSERT INTO usage (identity_id, box_messages, box_bytes)
      SELECT owner_id, count(*), sum(octet_length(body)) FROM messages WHERE true GROUP BY owner_id;
    INSERT INTO usage (identity_id, outgoing_messages, outgoing_bytes)
      SELECT sender_id, count(*), sum(body_bytes) FROM outgoing WHERE waiting > 0 GROUP BY sender_id
      ON CONFLICT DO UPDATE SET outgoing_messages = excluded.outgoing_messages, outgoing_bytes = excluded.outgoing_bytes;
    INSERT INTO usage (identity_id, memories)
      SELECT source_id, count(*) FROM remembered WHERE source_id > 0 GROUP BY source_id
      ON CONFLICT DO UPDATE SET memories = excluded.memories;
  `)
}
