import type { Proof } from '@overpost/protocol'
import type { Output } from '@bsv/overlay'
import type { AdmittanceInstructions } from '@bsv/sdk'
import type Database from 'better-sqlite3'
import { createHash } from 'node:crypto'
import type { AdmissionRecord, Claim, Coin, TopicDecision } from './admission-record.ts'
import { ClaimIndex } from './claim-index.ts'
import { EventLog } from './event-log.ts'
import type { ClaimFilter, ClaimMatch } from './find-claims.ts'
import { openDatabase } from './open-database.ts'
import { toOutput, type OutputRow } from './output-row.ts'
import { PeerCursors } from './peer-cursors.ts'
import { ProofIndex } from './proof-index.ts'
import { Standing } from './standing.ts'
import { UnplacedSpends } from './unplaced-spends.ts'

/** A stored transaction: the least BEEF that proves it, and the height of its block (null: no proof yet). */
export interface StoredTransaction {
  readonly txid: string
  readonly beef: Uint8Array
  readonly height: number | null
}

const outputColumns =
  'o.topic, o.txid, o.vout, o.script, o.satoshis, o.score, o.spent, o.outputs_consumed, o.consumed_by'
const selectOutput = `SELECT ${outputColumns}, t.height FROM outputs o JOIN transactions t ON t.txid = o.txid`
const selectOutputWithBeef = `SELECT ${outputColumns}, t.height, t.beef FROM outputs o JOIN transactions t ON t.txid = o.txid`

/**
 * What an overlay node knows, in one SQLite file. Every method that writes is one transaction, on disk when it returns, and may be
 * repeated without harm. Nothing that was admitted is ever forgotten: spends are added to it (decision 5).
 */
export class OverlayStore implements Disposable {
  readonly claims: ClaimIndex
  readonly events: EventLog
  readonly proofs: ProofIndex
  readonly standing: Standing
  readonly cursors: PeerCursors
  readonly #unplaced: UnplacedSpends
  readonly #db: Database.Database
  readonly #statements = new Map<string, Database.Statement>()

  constructor(path: string) {
    this.#db = openDatabase(path)
    this.claims = new ClaimIndex(this.#db)
    this.events = new EventLog(this.#db)
    this.proofs = new ProofIndex(this.#db)
    this.standing = new Standing(this.#db, this)
    this.cursors = new PeerCursors(this.#db)
    this.#unplaced = new UnplacedSpends(this.#db)
  }

  /**
   * Writes an admission: transaction, outputs, index, spends, events and answers. Topics that were applied before are skipped.
   * @returns whether it changed any topic
   */
  record(admission: AdmissionRecord): boolean {
    return this.#db
      .transaction(() => {
        const fresh = [...admission.topics].filter(([topic]) => this.answer(admission.txid, topic) === null)
        const decisions = fresh.map(
          ([topic, decision]) => [topic, this.#withKnownSpends(topic, decision, admission)] as const,
        )
        const changing = decisions.filter(([, { admitted, spent }]) => admitted.length > 0 || spent.length > 0)
        this.#unplaced.remember(
          admission,
          fresh.map(([topic]) => topic),
          changing.length > 0,
          () => this.#putTransaction(admission),
        )
        if (changing.length === 0) return false
        this.#putTransaction(admission)
        for (const [topic, decision] of changing) this.#apply(topic, decision, admission.txid)
        return true
      })
      .immediate()
  }

  /** What was answered when the transaction was applied to the topic; null when it was not. */
  answer(txid: string, topic: string): AdmittanceInstructions | null {
    const row = this.#prepare('SELECT answer FROM applied WHERE txid = ? AND topic = ?').get(txid, topic)
    return row === undefined ? null : (JSON.parse((row as { answer: string }).answer) as AdmittanceInstructions)
  }

  /** An output of any topic, or of `topic`; spent ones too unless `spent` says which are wanted. */
  findOutput(
    coin: Coin,
    filter: { topic?: string | undefined; spent?: boolean | undefined; withBeef?: boolean | undefined },
  ): Output | null {
    const sql = `${filter.withBeef === true ? selectOutputWithBeef : selectOutput}
      WHERE o.txid = ? AND o.vout = ? AND (? IS NULL OR o.topic = ?) AND (? IS NULL OR o.spent = ?) ORDER BY o.id LIMIT 1`
    const topic = filter.topic ?? null
    const spent = filter.spent === undefined ? null : Number(filter.spent)
    const row = this.#prepare(sql).get(coin.txid, coin.outputIndex, topic, topic, spent, spent)
    return row === undefined ? null : toOutput(row as OutputRow)
  }

  findOutputsOf(txid: string, { withBeef }: { withBeef: boolean }): Output[] {
    const sql = `${withBeef ? selectOutputWithBeef : selectOutput} WHERE o.txid = ? ORDER BY o.vout, o.topic`
    return (this.#prepare(sql).all(txid) as OutputRow[]).map(toOutput)
  }

  /** Unspent outputs whose score is at least `since`, by score. Scores grow with admission and are never equal in a topic. */
  findLiveOutputs(topic: string, page: { since: number; limit: number; withBeef: boolean }): Output[] {
    const sql = `${page.withBeef ? selectOutputWithBeef : selectOutput}
      WHERE o.topic = ? AND o.spent = 0 AND o.gone = 0 AND o.score >= ? ORDER BY o.score LIMIT ?`
    return (this.#prepare(sql).all(topic, page.since, page.limit) as OutputRow[]).map(toOutput)
  }

  findClaims(topic: string, filter: ClaimFilter): ClaimMatch[] {
    return this.claims.find(topic, filter)
  }

  findTransaction(txid: string): StoredTransaction | null {
    const row = this.#prepare('SELECT txid, beef, height FROM transactions WHERE txid = ?').get(txid)
    return row === undefined ? null : (row as StoredTransaction)
  }

  /** The first transaction known to spend `coin` in `topic`, or null. One that was replaced spends nothing. */
  findSpend(topic: string, coin: Coin): StoredTransaction | null {
    const sql = `SELECT t.txid, t.beef, t.height FROM spends s JOIN transactions t ON t.txid = s.spending_txid
      WHERE s.topic = ? AND s.txid = ? AND s.vout = ? AND t.replaced = 0 ORDER BY t.height IS NULL, t.height, t.rowid LIMIT 1`
    const row = this.#prepare(sql).get(topic, coin.txid, coin.outputIndex)
    return row === undefined ? null : (row as StoredTransaction)
  }

  /** The transactions known to spend an output of `txid`, in any topic. */
  spendersOf(txid: string): string[] {
    const rows = this.#prepare('SELECT DISTINCT spending_txid AS spender FROM spends WHERE txid = ?').all(txid)
    return (rows as { spender: string }[]).map(({ spender }) => spender)
  }

  /** The stored transactions whose BEEF holds `txid`, without a proof or with one that may be stale; itself included. */
  findTransactionsToProve(txid: string): StoredTransaction[] {
    const sql = `SELECT txid, beef, height FROM transactions
      WHERE txid = ? OR txid IN (SELECT held_in FROM unproven WHERE txid = ?)
        OR txid IN (SELECT held_in FROM proofs WHERE txid = ?)`
    return this.#prepare(sql).all(txid, txid, txid) as StoredTransaction[]
  }

  /** Puts newly proven BEEFs in the place of the old ones, all or none. */
  replaceBeefs(
    changes: readonly (StoredTransaction & {
      readonly unproven: readonly string[]
      readonly proofs: readonly Proof[]
    })[],
  ): void {
    this.#db
      .transaction(() => {
        for (const { txid, beef, height, unproven, proofs } of changes) {
          this.#prepare('UPDATE transactions SET beef = ?, height = ? WHERE txid = ?').run(beef, height, txid)
          this.#setUnproven(txid, unproven)
          this.proofs.set(txid, proofs)
        }
      })
      .immediate()
  }

  /** Takes an output out of every lookup for good, by order of a court for instance. It stays known as admitted. */
  evict(coin: Coin): void {
    this.#db.transaction(() => this.claims.unlink(coin)).immediate()
  }

  lastInteraction(host: string, topic: string): number {
    const row = this.#prepare('SELECT since FROM interactions WHERE host = ? AND topic = ?').get(host, topic)
    return row === undefined ? 0 : (row as { since: number }).since
  }

  setLastInteraction(host: string, topic: string, since: number): void {
    const sql = `INSERT INTO interactions (host, topic, since) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET since = excluded.since`
    this.#prepare(sql).run(host, topic, since)
  }

  /** How many outputs each topic has, live and spent. */
  countOutputs(): { topic: string; spent: 0 | 1; count: number }[] {
    const sql = 'SELECT topic, spent, count(*) AS count FROM outputs WHERE gone = 0 GROUP BY topic, spent'
    return this.#prepare(sql).all() as { topic: string; spent: 0 | 1; count: number }[]
  }

  [Symbol.dispose](): void {
    if (this.#db.open) this.#db.close()
  }

  /** The decision, with the coins that turned out to be the topic's own between the Engine's question and this transaction. */
  #withKnownSpends(topic: string, decision: TopicDecision, { inputs }: AdmissionRecord): TopicDecision {
    const known = this.#prepare('SELECT 1 FROM outputs WHERE topic = ? AND txid = ? AND vout = ?')
    const spent = new Map(decision.spent.map((coin) => [`${coin.txid}.${coin.outputIndex}`, coin]))
    for (const coin of inputs) {
      if (known.get(topic, coin.txid, coin.outputIndex) !== undefined)
        spent.set(`${coin.txid}.${coin.outputIndex}`, coin)
    }
    return { ...decision, spent: [...spent.values()] }
  }

  #apply(topic: string, { answer, admitted, claims, spent, consumedBy }: TopicDecision, txid: string): void {
    for (const coin of spent) this.#spend(topic, coin, txid)
    for (const output of admitted) this.#admit(output, claims.get(output.outputIndex))
    const consume = this.#prepare('UPDATE outputs SET consumed_by = ? WHERE topic = ? AND txid = ? AND vout = ?')
    for (const { coin, by } of consumedBy) consume.run(JSON.stringify(by), topic, coin.txid, coin.outputIndex)
    this.#prepare('INSERT INTO applied (txid, topic, answer) VALUES (?, ?, ?)').run(txid, topic, JSON.stringify(answer))
  }

  #admit(output: Output, claim: Claim | undefined): void {
    const { topic, txid, outputIndex } = output
    const insert = this.#prepare(
      `INSERT INTO outputs (topic, txid, vout, script, script_hash, satoshis, score, outputs_consumed, consumed_by, claim)
       VALUES (?, ?, ?, ?, ?, ?, max(?, 1 + coalesce((SELECT max(score) FROM outputs WHERE topic = ?), 0)), ?, ?, ?)
       ON CONFLICT DO NOTHING RETURNING id`,
    )
    const script = Buffer.from(output.outputScript)
    const row = insert.get(
      topic,
      txid,
      outputIndex,
      script,
      createHash('sha256').update(script).digest(),
      output.satoshis,
      output.score ?? 0,
      topic,
      JSON.stringify(output.outputsConsumed),
      JSON.stringify(output.consumedBy),
      claim === undefined ? null : this.claims.put(topic, claim),
    )
    if (row === undefined) return
    this.events.append({ topic, kind: 'admit', txid, outputIndex, proofTxid: txid })
    const spend = this.findSpend(topic, output)
    if (spend !== null) {
      this.#markSpent(topic, output, spend.txid)
      this.#unplaced.placed(spend.txid)
    }
    this.claims.refreshOf(topic, output)
  }

  #spend(topic: string, coin: Coin, spendingTxid: string): void {
    this.#prepare(
      'INSERT INTO spends (topic, txid, vout, spending_txid) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ).run(topic, coin.txid, coin.outputIndex, spendingTxid)
    this.#markSpent(topic, coin, spendingTxid)
  }

  /** Does nothing for an output that is not known, or known as spent already. */
  #markSpent(topic: string, coin: Coin, spendingTxid: string): void {
    const sql = 'UPDATE outputs SET spent = 1 WHERE topic = ? AND txid = ? AND vout = ? AND spent = 0'
    if (this.#prepare(sql).run(topic, coin.txid, coin.outputIndex).changes === 0) return
    const { txid, outputIndex } = coin
    this.events.append({ topic, kind: 'spend', txid, outputIndex, proofTxid: spendingTxid })
    this.claims.refreshOf(topic, coin)
  }

  #putTransaction({ txid, beef, height, unproven, proofs }: AdmissionRecord): void {
    const sql = 'INSERT INTO transactions (txid, beef, height) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'
    if (this.#prepare(sql).run(txid, beef, height).changes === 0) return
    this.#setUnproven(txid, unproven)
    this.proofs.set(txid, proofs)
  }

  #setUnproven(heldIn: string, txids: readonly string[]): void {
    this.#prepare('DELETE FROM unproven WHERE held_in = ?').run(heldIn)
    const insert = this.#prepare('INSERT INTO unproven (txid, held_in) VALUES (?, ?)')
    for (const txid of new Set(txids)) insert.run(txid, heldIn)
  }

  #prepare(sql: string): Database.Statement {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#db.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}
