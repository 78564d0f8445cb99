import type Database from 'better-sqlite3'
import type { AdmissionRecord } from './admission-record.ts'

/** How many mined transactions are remembered in case that they spend a token that comes later, and how large they may be. */
const maxTransactions = 5_000
const maxBytes = 64 * 1024 * 1024
const maxBeefBytes = 256 * 1024
const maxInputs = 1_000

/**
 * A mined transaction is proven without what it spends, so whether it spends a token is not to be seen before the token is known.
 * Nodes that get the two in another order must come to the same: it is remembered for a while. Inside the caller's transaction.
 */
export class UnplacedSpends {
  readonly #db: Database.Database
  #bytes: number

  constructor(db: Database.Database) {
    this.#db = db
    const sql =
      'SELECT coalesce(sum(length(t.beef)), 0) AS bytes FROM unplaced u JOIN transactions t ON t.txid = u.txid'
    this.#bytes = (db.prepare(sql).get() as { bytes: number }).bytes
  }

  /** `put` stores the transaction. */
  remember(
    { txid, beef, height, inputs }: AdmissionRecord,
    topics: readonly string[],
    isPlaced: boolean,
    put: () => void,
  ): void {
    if (isPlaced) this.placed(txid)
    if (height === null || inputs.length > maxInputs || beef.length > maxBeefBytes) return
    put()
    if (!isPlaced) {
      const insert = 'INSERT INTO unplaced (txid) VALUES (?) ON CONFLICT DO NOTHING'
      if (this.#db.prepare(insert).run(txid).changes > 0) this.#bytes += beef.length
      this.#trim()
    }
    const spend = this.#db.prepare(
      'INSERT INTO spends (topic, txid, vout, spending_txid) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    )
    for (const topic of topics) for (const coin of inputs) spend.run(topic, coin.txid, coin.outputIndex, txid)
  }

  /** A token was found spent by `txid`: that is kept for good. */
  placed(txid: string): void {
    const sql =
      'DELETE FROM unplaced WHERE txid = ? RETURNING (SELECT length(beef) FROM transactions t WHERE t.txid = unplaced.txid) AS bytes'
    const row = this.#db.prepare(sql).get(txid) as { bytes: number } | undefined
    this.#bytes -= row?.bytes ?? 0
  }

  #trim(): void {
    const sql = 'SELECT txid, n <= (SELECT max(n) FROM unplaced) - ? AS isOver FROM unplaced ORDER BY n LIMIT 1'
    for (;;) {
      const oldest = this.#db.prepare(sql).get(maxTransactions) as { txid: string; isOver: number } | undefined
      if (oldest === undefined || (oldest.isOver === 0 && this.#bytes <= maxBytes)) return
      this.placed(oldest.txid)
      for (const rows of [
        'spends WHERE spending_txid',
        'proofs WHERE held_in',
        'unproven WHERE held_in',
        'transactions WHERE txid',
      ]) {
        this.#db.prepare(`DELETE FROM ${rows} = ?`).run(oldest.txid)
      }
    }
  }
}
