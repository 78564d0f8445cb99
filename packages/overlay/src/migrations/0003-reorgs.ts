import { nativeHasher } from '@overpost/auth'
import { parseBeef, provenBy, traceAncestry } from '@overpost/protocol'
import type Database from 'better-sqlite3'

/** On which blocks stored proofs stand, which transactions lost their place on the chain, and spends that could not be placed yet. */
export function reorgsMigration(db: Database.Database): void {
  db.exec(`
ALTER TABLE transactions ADD COLUMN replaced INTEGER NOT NULL DEFAULT 0; -- 1: a conflicting transaction took its place
ALTER TABLE outputs ADD COLUMN gone INTEGER NOT NULL DEFAULT 0; -- 1: its transaction was replaced

-- The proofs in stored BEEFs, until their blocks are too deep for a reorganisation.
CREATE TABLE proofs (
  held_in TEXT NOT NULL REFERENCES transactions (txid),
  txid TEXT NOT NULL,
  height INTEGER NOT NULL,
  root TEXT NOT NULL,
  PRIMARY KEY (held_in, txid)
) WITHOUT ROWID, STRICT;
CREATE INDEX proofs_by_txid ON proofs (txid);
CREATE INDEX proofs_by_block ON proofs (height, root);
CREATE INDEX unproven_transactions ON transactions (txid) WHERE height IS NULL AND replaced = 0;

-- Mined transactions whose inputs are no tokens known here, in case that the token comes later. Bounded: the oldest go.
CREATE TABLE unplaced (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  txid TEXT NOT NULL UNIQUE REFERENCES transactions (txid)
) STRICT;
`)
  const insert = db.prepare('INSERT INTO proofs (held_in, txid, height, root) VALUES (?, ?, ?, ?)')
  for (const row of db.prepare('SELECT txid, beef FROM transactions').all() as { txid: string; beef: Uint8Array }[]) {
    for (const { txid, height, root } of provenBy(traceAncestry(parseBeef(row.beef, nativeHasher))))
      insert.run(row.txid, txid, height, root)
  }
}
