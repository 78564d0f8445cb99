import type { Db } from '../database.ts'

/** What is at home here, and only seeks other homes, is not on its way to anybody yet, and counts for nobody. */
const counts = (row: string) => `(${row}.waiting > 0 AND (${row}.home_message IS NULL OR ${row}.places > 0))`

/** Counts what is on its way out for its sender, as 0005 did, but for what only seeks other homes. */
export function leaveSeekersUncounted(db: Db): void {
  db.exec(`
    DROP TRIGGER outgoing_comes;
    DROP TRIGGER outgoing_settles;
    DROP TRIGGER outgoing_goes;

    CREATE TRIGGER outgoing_comes AFTER INSERT ON outgoing WHEN ${counts('new')} BEGIN
      INSERT INTO usage (identity_id, outgoing_messages, outgoing_bytes) VALUES (new.sender_id, 1, new.body_bytes)
        ON CONFLICT DO UPDATE SET outgoing_messages = outgoing_messages + 1,
          outgoing_bytes = outgoing_bytes + excluded.outgoing_bytes;
    END;
    CREATE TRIGGER outgoing_settles AFTER UPDATE OF waiting, places, home_message ON outgoing
      WHEN ${counts('new')} <> ${counts('old')} BEGIN
      UPDATE usage SET outgoing_messages = outgoing_messages + iif(${counts('new')}, 1, -1),
          outgoing_bytes = outgoing_bytes + iif(${counts('new')}, new.body_bytes, -old.body_bytes)
        WHERE identity_id = old.sender_id;
    END;
    CREATE TRIGGER outgoing_goes AFTER DELETE ON outgoing WHEN ${counts('old')} BEGIN
      UPDATE usage SET outgoing_messages = outgoing_messages - 1, outgoing_bytes = outgoing_bytes - old.body_bytes
        WHERE identity_id = old.sender_id;
    END;

    UPDATE usage SET outgoing_messages = 0, outgoing_bytes = 0;
    INSERT INTO usage (identity_id, outgoing_messages, outgoing_bytes)
      SELECT sender_id, count(*), sum(body_bytes) FROM outgoing WHERE ${counts('outgoing')} GROUP BY sender_id
      ON CONFLICT DO UPDATE SET outgoing_messages = excluded.outgoing_messages, outgoing_bytes = excluded.outgoing_bytes;
  `)
}
