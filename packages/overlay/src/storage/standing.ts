import type Database from 'better-sqlite3'
import type { ClaimIndex } from './claim-index.ts'
import type { EventLog } from './event-log.ts'

interface SpentCoin {
  readonly topic: string
  readonly txid: string
  readonly vout: number
}

/**
 * Whether stored transactions stand: one that a conflicting transaction replaced on the chain admits nothing and spends nothing. Each
 * method is one transaction, and may be repeated.
 */
export class Standing {
  readonly #db: Database.Database
  readonly #index: { readonly claims: ClaimIndex; readonly events: EventLog }

  constructor(db: Database.Database, index: { readonly claims: ClaimIndex; readonly events: EventLog }) {
    this.#db = db
    this.#index = index
  }

  isReplaced(txid: string): boolean {
    return this.#db.prepare('SELECT 1 FROM transactions WHERE txid = ? AND replaced = 1').get(txid) !== undefined
  }

  /** The transactions that were replaced last, at most `limit`. */
  replaced(limit: number): string[] {
    const sql = 'SELECT txid FROM transactions WHERE replaced = 1 ORDER BY rowid DESC LIMIT ?'
    return (this.#db.prepare(sql).all(limit) as { txid: string }[]).map(({ txid }) => txid)
  }

  /**
   * `txid` lost its place: with it go all stored transactions that hang on it without a proof of their own. Their outputs are evicted, what only
   * they spent is live again. @returns the transactions that this changed
   */
  replace(txid: string): string[] {
    return this.#db
      .transaction(() => {
        const sql = `UPDATE transactions SET replaced = 1 WHERE replaced = 0 AND (txid = ?
          OR txid IN (SELECT held_in FROM unproven WHERE txid = ?) OR txid IN (SELECT held_in FROM proofs WHERE txid = ?))
          RETURNING txid`
        const changed = (this.#db.prepare(sql).all(txid, txid, txid) as { txid: string }[]).map((row) => row.txid)
        for (const one of changed) this.#evictOutputs(one)
        for (const one of changed) for (const coin of this.#spentBy(one)) this.#restoreIfUnspent(coin)
        return changed
      })
      .immediate()
  }

  /** `txid` stands after all. @returns whether that is news */
  reinstate(txid: string): boolean {
    return this.#db
      .transaction(() => {
        const sql = 'UPDATE transactions SET replaced = 0 WHERE txid = ? AND replaced = 1'
        if (this.#db.prepare(sql).run(txid).changes === 0) return false
        for (const coin of this.#spentBy(txid)) this.#markSpent(coin, txid)
        const outputs = 'UPDATE outputs SET gone = 0 WHERE txid = ? AND gone = 1 RETURNING topic, txid, vout, spent'
        for (const row of this.#db.prepare(outputs).all(txid) as (SpentCoin & { spent: number })[]) {
          this.#append('restore', row, txid)
          const spender = this.#spenderOf(row)
          this.#setSpent(row, spender !== null)
          if (spender !== null) this.#append('spend', row, spender)
        }
        return true
      })
      .immediate()
  }

  #evictOutputs(txid: string): void {
    const sql = 'UPDATE outputs SET gone = 1 WHERE txid = ? AND gone = 0 RETURNING topic, txid, vout'
    for (const coin of this.#db.prepare(sql).all(txid) as SpentCoin[]) {
      this.#append('evict', coin, txid)
      this.#refresh(coin)
    }
  }

  #restoreIfUnspent(coin: SpentCoin): void {
    if (this.#spenderOf(coin) !== null || !this.#setSpent(coin, false)) return
    if (this.#isThere(coin)) this.#append('restore', coin, coin.txid)
  }

  #markSpent(coin: SpentCoin, spender: string): void {
    if (this.#setSpent(coin, true) && this.#isThere(coin)) this.#append('spend', coin, spender)
  }

  #spenderOf({ topic, txid, vout }: SpentCoin): string | null {
    const sql = `SELECT s.spending_txid FROM spends s JOIN transactions t ON t.txid = s.spending_txid
      WHERE s.topic = ? AND s.txid = ? AND s.vout = ? AND t.replaced = 0 ORDER BY t.height IS NULL, t.rowid LIMIT 1`
    const row = this.#db.prepare(sql).get(topic, txid, vout) as { spending_txid: string } | undefined
    return row?.spending_txid ?? null
  }

  #spentBy(txid: string): SpentCoin[] {
    return this.#db.prepare('SELECT topic, txid, vout FROM spends WHERE spending_txid = ?').all(txid) as SpentCoin[]
  }

  /** @returns whether it was otherwise before; false for what is not known */
  #setSpent(coin: SpentCoin, spent: boolean): boolean {
    const { topic, txid, vout } = coin
    const sql = 'UPDATE outputs SET spent = ? WHERE topic = ? AND txid = ? AND vout = ? AND spent <> ?'
    const isNews = this.#db.prepare(sql).run(Number(spent), topic, txid, vout, Number(spent)).changes > 0
    this.#refresh(coin)
    return isNews
  }

  #isThere({ topic, txid, vout }: SpentCoin): boolean {
    const sql = 'SELECT 1 FROM outputs WHERE topic = ? AND txid = ? AND vout = ? AND gone = 0'
    return this.#db.prepare(sql).get(topic, txid, vout) !== undefined
  }

  #refresh({ topic, txid, vout }: SpentCoin): void {
    this.#index.claims.refreshOf(topic, { txid, outputIndex: vout })
  }

  #append(kind: 'evict' | 'restore' | 'spend', { topic, txid, vout }: SpentCoin, proofTxid: string): void {
    this.#index.events.append({ topic, kind, txid, outputIndex: vout, proofTxid })
  }
}
