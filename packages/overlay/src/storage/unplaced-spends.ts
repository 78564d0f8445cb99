import type Database from 'better-sqlite3'
import type { AdmissionRecord } from './admission-record.ts'

/** How many mined transactions are remembered in case that they spend a token that comes later, and how large each may be. */
const maxTransactions = 5_000
const maxBeefBytes = 20_000
const maxInputs = 50

/**
 * A mined transaction is proven without what it spends, so whether it spends a token is not to be seen before the token is known.
 * Nodes that get the two in another order must come to the same: it is remembered for a while. Inside the caller's transaction.
 */
export class UnplacedSpends {
  readonly #db: Database.Database

  constructor(db: Database.Database) {
    this.#db = db
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
      if (this.#db.prepare(insert).run(txid).changes > 0) this.#trim()
    }
    const spend = this.#db.prepare(
      'INSERT INTO spends (topic, txid, vout, spending_txid) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    )
    for (const topic of topics) for (const coin of inputs) spend.run(topic, coin.txid, coin.outputIndex, txid)
  }

  /** A token was found spent by `txid`: that is kept for good. */
  placed(txid: string): void {
    this.#db.prepare('DELETE FROM unplaced WHERE txid = ?').run(txid)
  }

  #trim(): void {
    const over = `SELECT txid FROM unplaced WHERE n <= (SELECT max(n) FROM unplaced) - ?`
    for (const { txid } of this.#db.prepare(over).all(maxTransactions) as { txid: string }[]) {
      this.placed(txid)
      for (const table of [
        'spends WHERE spending_txid',
        'proofs WHERE held_in',
        'unproven WHERE held_in',
        'transactions WHERE txid',
      ])
        this.#db.prepare(`DELETE FROM ${table} = ?`).run(txid)
    }
  }
}
