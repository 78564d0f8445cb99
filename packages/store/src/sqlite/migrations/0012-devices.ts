import type { Db } from '../database.ts'

/** Devices that are told of news. */
export function addDevices(db: Db): void {
  db.exec(`
    CREATE TABLE devices (
      id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: whoever removes one means that one
      owner_key BLOB NOT NULL,
      token TEXT NOT NULL UNIQUE,
      name TEXT,
      platform TEXT,
      is_active INTEGER NOT NULL,
      created_at_ms INTEGER NOT NULL,
      updated_at_ms INTEGER NOT NULL,
      last_used_at_ms INTEGER
    ) STRICT;
    CREATE INDEX devices_owner ON devices (owner_key, id);
  `)
}
