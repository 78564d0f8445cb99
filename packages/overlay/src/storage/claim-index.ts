import type Database from 'better-sqlite3'
import type { Claim, Coin } from './admission-record.ts'

/** Which claims are asked for: all that is given must hold. */
export interface ClaimFilter {
  readonly userKey?: string | undefined
  readonly hostKey?: string | undefined
  readonly origin?: string | undefined
  readonly names?: readonly string[] | undefined
  /** Spent outputs too. */
  readonly includeSpent: boolean
  /** A claim of which any output was spent has no live ones (phip.md section 6: a spent token never comes back). */
  readonly spentOnceIsGone: boolean
  readonly order: 'newest first' | 'oldest first'
  readonly limit: number
  readonly skip: number
}

export interface ClaimMatch extends Coin {
  readonly spent: boolean
  /** Of the stored BEEF. */
  readonly beefBytes: number
}

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
  put(topic: string, { hash, userKey, hostKey, origin, name }: Claim): number {
    const sql = `INSERT INTO claims (topic, hash, user_key, host_key, origin, name) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET hash = excluded.hash RETURNING id`
    return (this.#db.prepare(sql).get(topic, hash, userKey, hostKey, origin, name) as { id: number }).id
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

  find(topic: string, filter: ClaimFilter): ClaimMatch[] {
    const { userKey, hostKey, origin, names, includeSpent, spentOnceIsGone, order, limit, skip } = filter
    const conditions = ['c.topic = :topic']
    if (userKey !== undefined) conditions.push('c.user_key = :userKey')
    if (hostKey !== undefined) conditions.push('c.host_key = :hostKey')
    if (origin !== undefined) conditions.push('c.origin = :origin')
    if (names !== undefined) conditions.push('c.name IN (SELECT value FROM json_each(:names))')
    const where = conditions.join(' AND ')
    const live = `SELECT c.live_output AS id FROM claims c WHERE ${where} AND c.live_output IS NOT NULL
      ${spentOnceIsGone && !includeSpent ? 'AND c.spent_output IS NULL' : ''}`
    const spent = `SELECT c.spent_output AS id FROM claims c WHERE ${where} AND c.spent_output IS NOT NULL`
    const sql = `SELECT o.txid, o.vout AS outputIndex, o.spent, length(t.beef) AS beefBytes FROM (${includeSpent ? `${live} UNION ALL ${spent}` : live}) m
      JOIN outputs o ON o.id = m.id JOIN transactions t ON t.txid = o.txid ORDER BY o.id ${order === 'newest first' ? 'DESC' : 'ASC'} LIMIT :limit OFFSET :skip`
    const rows = this.#db.prepare(sql).all({
      topic,
      ...(userKey === undefined ? {} : { userKey }),
      ...(hostKey === undefined ? {} : { hostKey }),
      ...(origin === undefined ? {} : { origin }),
      ...(names === undefined ? {} : { names: JSON.stringify(names) }),
      limit,
      skip,
    }) as (Omit<ClaimMatch, 'spent'> & { spent: number })[]
    return rows.map((row) => ({ ...row, spent: row.spent === 1 }))
  }

  #refresh(claim: number): void {
    const first = `(SELECT min(id) FROM outputs WHERE claim = claims.id AND spent = %)`
    const sql = `UPDATE claims SET live_output = ${first.replace('%', '0')}, spent_output = ${first.replace('%', '1')}
      WHERE id = ?`
    this.#db.prepare(sql).run(claim)
  }
}
