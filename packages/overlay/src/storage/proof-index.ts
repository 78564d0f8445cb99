import type { Proof } from '@overpost/protocol'
import type Database from 'better-sqlite3'

/** A block that stored proofs stand on. */
export interface ProvingBlock {
  readonly height: number
  readonly root: string
}

/** Which blocks the proofs in stored BEEFs stand on, until {@link settle} says that no reorganisation reaches them. */
export class ProofIndex {
  readonly #db: Database.Database

  constructor(db: Database.Database) {
    this.#db = db
  }

  /** The proofs in one stored BEEF, in place of those that were known. Inside the caller's transaction. */
  set(heldIn: string, proofs: readonly Proof[]): void {
    this.#db.prepare('DELETE FROM proofs WHERE held_in = ?').run(heldIn)
    const insert = this.#db.prepare('INSERT INTO proofs (held_in, txid, height, root) VALUES (?, ?, ?, ?)')
    for (const { txid, height, root } of proofs) insert.run(heldIn, txid, height, root)
  }

  /** The blocks that are not settled yet, by height. */
  blocks(): ProvingBlock[] {
    return this.#db.prepare('SELECT DISTINCT height, root FROM proofs ORDER BY height').all() as ProvingBlock[]
  }

  /** The transactions that are proven by a block, those that were stored first before others. */
  provenIn({ height, root }: ProvingBlock): string[] {
    const sql = `SELECT p.txid FROM proofs p JOIN transactions t ON t.txid = p.held_in
      WHERE p.height = ? AND p.root = ? GROUP BY p.txid ORDER BY min(t.rowid)`
    return (this.#db.prepare(sql).all(height, root) as { txid: string }[]).map(({ txid }) => txid)
  }

  /** The block stays: its proofs are not looked at again. */
  settle({ height, root }: ProvingBlock): void {
    this.#db.prepare('DELETE FROM proofs WHERE height = ? AND root = ?').run(height, root)
  }

  /** A stored BEEF that holds `txid`, or null. */
  holderOf(txid: string): Uint8Array | null {
    const sql = `SELECT beef FROM transactions WHERE txid = ?
      OR txid IN (SELECT held_in FROM proofs WHERE txid = ? UNION SELECT held_in FROM unproven WHERE txid = ?) LIMIT 1`
    const row = this.#db.prepare(sql).get(txid, txid, txid) as { beef: Uint8Array } | undefined
    return row?.beef ?? null
  }

  /** Stored transactions without a proof of their own, by txid from `after` on. */
  unproven({ after, limit }: { after: string; limit: number }): string[] {
    const sql = 'SELECT txid FROM transactions WHERE height IS NULL AND replaced = 0 AND txid > ? ORDER BY txid LIMIT ?'
    return (this.#db.prepare(sql).all(after, limit) as { txid: string }[]).map(({ txid }) => txid)
  }
}
