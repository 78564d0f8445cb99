/** The first schema. What a migration did is never changed later; a new one is added. */
export const initialMigration = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;

-- One BEEF per transaction: of those with admitted outputs and of those that spend one.
CREATE TABLE transactions (
  txid TEXT PRIMARY KEY,
  beef BLOB NOT NULL,
  height INTEGER -- of its block; null: without a proof yet
) STRICT;

-- Which stored BEEFs hold a transaction without a proof: where a new proof is to be set.
CREATE TABLE unproven (
  txid TEXT NOT NULL,
  held_in TEXT NOT NULL REFERENCES transactions (txid),
  PRIMARY KEY (txid, held_in)
) WITHOUT ROWID, STRICT;

-- What several tokens with the same content say; lookups answer one live and one spent output of each claim.
CREATE TABLE claims (
  id INTEGER PRIMARY KEY,
  topic TEXT NOT NULL,
  hash BLOB NOT NULL,
  user_key TEXT,
  host_key TEXT NOT NULL,
  origin TEXT NOT NULL,
  name TEXT,
  live_output INTEGER, -- the first that is unspent
  spent_output INTEGER, -- the first that is spent
  UNIQUE (topic, hash)
) STRICT;
CREATE INDEX claims_by_user ON claims (topic, user_key);
CREATE INDEX claims_by_host ON claims (topic, host_key);
CREATE INDEX claims_by_origin ON claims (topic, origin);
CREATE INDEX claims_by_name ON claims (topic, name);
CREATE INDEX claims_by_live_output ON claims (topic, live_output);

CREATE TABLE outputs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  topic TEXT NOT NULL,
  txid TEXT NOT NULL REFERENCES transactions (txid),
  vout INTEGER NOT NULL,
  script BLOB NOT NULL,
  script_hash BLOB NOT NULL,
  satoshis INTEGER NOT NULL,
  score INTEGER NOT NULL, -- milliseconds of admission, made unique per topic
  spent INTEGER NOT NULL DEFAULT 0,
  outputs_consumed TEXT NOT NULL,
  consumed_by TEXT NOT NULL,
  claim INTEGER REFERENCES claims (id),
  UNIQUE (txid, vout, topic)
) STRICT;
CREATE UNIQUE INDEX outputs_by_score ON outputs (topic, score);
CREATE INDEX live_outputs ON outputs (topic, score) WHERE spent = 0;
CREATE INDEX outputs_by_claim ON outputs (claim, spent, id);
CREATE INDEX outputs_by_script ON outputs (script_hash);

-- Also of outputs that are not known yet. Several when transactions compete for one output.
CREATE TABLE spends (
  topic TEXT NOT NULL,
  txid TEXT NOT NULL,
  vout INTEGER NOT NULL,
  spending_txid TEXT NOT NULL REFERENCES transactions (txid),
  PRIMARY KEY (topic, txid, vout, spending_txid)
) WITHOUT ROWID, STRICT;
CREATE INDEX spends_by_spender ON spends (spending_txid);

CREATE TABLE applied (
  txid TEXT NOT NULL,
  topic TEXT NOT NULL,
  answer TEXT NOT NULL, -- JSON of the admittance instructions
  PRIMARY KEY (txid, topic)
) WITHOUT ROWID, STRICT;

-- AUTOINCREMENT: a number is never given twice.
CREATE TABLE events (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  topic TEXT NOT NULL,
  kind TEXT NOT NULL,
  txid TEXT NOT NULL,
  vout INTEGER NOT NULL,
  proof_txid TEXT NOT NULL REFERENCES transactions (txid)
) STRICT;
CREATE INDEX events_by_topic ON events (topic, n);

CREATE TABLE interactions (
  host TEXT NOT NULL,
  topic TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (host, topic)
) WITHOUT ROWID, STRICT;
`
