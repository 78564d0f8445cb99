import type Database from 'better-sqlite3'
import type { Claim, Coin } from './admission-record.ts'
import { findClaims, type ClaimFilter, type ClaimMatch } from './find-claims.ts'

/**
 * Finds outputs by what their tokens say. Anyone can mint a copy of a token, so of each claim at most one live and one spent
 * output is answered: the first of each. Writes happen inside the caller's transaction.
 */
export class ClaimIndex {
  readonly #db: Database.Database

  constructor(db: Database.Database) {
    this.#db = db
  }

  /** The id of the claim, which is made when it is new. */
  put(topic: string, { hash, userKey, hostKey, origin, name, issuedAtMs, withdrawnAtMs }: Claim): number {
    const sql = `INSERT INTO claims (topic, hash, user_key, host_key, origin, name, issued_at, withdrawn_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET hash = excluded.hash RETURNING id`
    const row = this.#db.prepare(sql).get(topic, hash, userKey, hostKey, origin, name, issuedAtMs, withdrawnAtMs)
    return (row as { id: number }).id
  }

  /** Looks again which outputs stand for the claim of `coin`. Called whenever one was added, spent or unlinked. */
  refreshOf(topic: string, { txid, outputIndex }: Coin): void {
    const sql = 'SELECT claim FROM outputs WHERE topic = ? AND txid = ? AND vout = ?'
    const row = this.#db.prepare(sql).get(topic, txid, outputIndex) as { claim: number | null } | undefined
    if (typeof row?.claim === 'number') this.#refresh(row.claim)
  }

  /** Takes the output out of the index, in every topic. */
  unlink({ txid, outputIndex }: Coin): void {
    const select = 'SELECT claim FROM outputs WHERE txid = ? AND vout = ? AND claim IS NOT NULL'
    const claims = this.#db.prepare(select).all(txid, outputIndex) as { claim: number }[]
    this.#db.prepare('UPDATE outputs SET claim = NULL WHERE txid = ? AND vout = ?').run(txid, outputIndex)
    for (const { claim } of claims) this.#refresh(claim)
  }

  /** Where the live claims with this name are, the oldest first. */
  liveOrigins(topic: string, name: string, limit: number): string[] {
    const sql = `SELECT origin FROM claims WHERE topic = ? AND name = ? AND live_output IS NOT NULL
      GROUP BY origin ORDER BY min(live_output) LIMIT ?`
    return (this.#db.prepare(sql).all(topic, name, limit) as { origin: string }[]).map(({ origin }) => origin)
  }

  find(topic: string, filter: ClaimFilter): ClaimMatch[] {
    return findClaims(this.#db, topic, filter)
  }

  #refresh(claim: number): void {
    const first = `(SELECT min(id) FROM outputs WHERE claim = claims.id AND spent = % AND gone = 0)`
    const sql = `UPDATE claims SET live_output = ${first.replace('%', '0')}, spent_output = ${first.replace('%', '1')}
      WHERE id = ?`
    this.#db.prepare(sql).run(claim)
  }
}
