import { decodePhipToken, decodeWithdrawalToken } from '@overpost/protocol'
import type Database from 'better-sqlite3'

/**
 * When a permission was issued and when one was withdrawn, so that lookups can compare them; and indexes in the order of answers, so that an
 * answer costs what it holds, however much there is. A PHIPW token that came before had been refused: there is none to read.
 */
export function withdrawalsMigration(db: Database.Database): void {
  db.exec(`
ALTER TABLE claims ADD COLUMN issued_at INTEGER; -- of PHIP2, Unix milliseconds
ALTER TABLE claims ADD COLUMN withdrawn_at INTEGER; -- of PHIPW: the claim is a withdrawal, host_key what is withdrawn
CREATE INDEX claims_withdrawn ON claims (topic, user_key, host_key, withdrawn_at) WHERE withdrawn_at IS NOT NULL;
DROP INDEX claims_by_user;
DROP INDEX claims_by_host;
DROP INDEX claims_by_origin;
DROP INDEX claims_by_name;
CREATE INDEX claims_live_by_user ON claims (topic, user_key, live_output);
CREATE INDEX claims_live_by_host ON claims (topic, host_key, live_output);
CREATE INDEX claims_live_by_origin ON claims (topic, origin, live_output);
CREATE INDEX claims_live_by_name ON claims (topic, name, live_output);
CREATE INDEX claims_spent_by_user ON claims (topic, user_key, spent_output);
CREATE INDEX claims_spent_by_host ON claims (topic, host_key, spent_output);
CREATE INDEX claims_by_spent_output ON claims (topic, spent_output);
`)
  const update = db.prepare('UPDATE claims SET issued_at = ? WHERE id = ?')
  const select = `SELECT c.id, (SELECT o.script FROM outputs o WHERE o.claim = c.id LIMIT 1) AS script
    FROM claims c WHERE c.topic = 'tm_phip'`
  for (const { id, script } of db.prepare(select).all() as { id: number; script: Uint8Array | null }[]) {
    const token = script === null || decodeWithdrawalToken(script) !== null ? null : decodePhipToken(script)
    if (token !== null && token.dates !== null) update.run(token.dates.issuedAtMs, id)
  }
}
