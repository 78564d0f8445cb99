/** How far this node is with others: what it passed on, what it took from their feeds, what it took by GASP. */
export const peersMigration = `
CREATE TABLE peer_cursors (
  peer TEXT NOT NULL,
  topic TEXT NOT NULL,
  kind TEXT NOT NULL, -- push, feed or gasp
  log TEXT NOT NULL, -- which log of the peer a feed's number counts in; else empty
  n INTEGER NOT NULL,
  PRIMARY KEY (peer, topic, kind)
) WITHOUT ROWID, STRICT;
CREATE INDEX spends_by_spent ON spends (txid);
`
