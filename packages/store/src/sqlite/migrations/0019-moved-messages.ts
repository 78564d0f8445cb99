import type { Db } from '../database.ts'

/**
 * Where a message went that a handover removed from its box, so that it does not count as acknowledged. What was handed over
 * before is not told from what was acknowledged: of users who ever moved away, neither is claimed.
 */
export function noteMoved(db: Db): void {
  db.exec(`
    CREATE TABLE moved_messages (
      id INTEGER PRIMARY KEY,       -- as in messages
      to_id INTEGER NOT NULL,       -- the host that has it
      moved_at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX moved_messages_age ON moved_messages (moved_at_ms);

    UPDATE mailboxes SET pruned_to = last_sequence
      WHERE owner_id IN (SELECT i.id FROM identities i JOIN handovers h ON h.user_key = i.key);
  `)
}
