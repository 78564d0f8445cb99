import type Database from 'better-sqlite3'

export type FeedEventKind = 'admit' | 'spend' | 'restore' | 'evict'

/** An event of the feed (docs/specs/event-feed.md), with the newest BEEF of the transaction that proves it. */
export interface FeedEvent {
  readonly n: number
  readonly kind: FeedEventKind
  readonly txid: string
  readonly outputIndex: number
  /** The transaction that shows it. */
  readonly proofTxid: string
  /** Of that transaction. */
  readonly beef: Uint8Array
}

interface NewEvent {
  readonly topic: string
  readonly kind: FeedEventKind
  readonly txid: string
  readonly outputIndex: number
  /** The transaction that shows it; it must be stored. */
  readonly proofTxid: string
}

/** The numbered log of what was admitted and spent. Numbers grow in the order of commits, since there is one writer. */
export class EventLog {
  /** Names this log among all: another database counts otherwise. */
  readonly name: string
  readonly #db: Database.Database

  constructor(db: Database.Database) {
    this.#db = db
    const row = db.prepare(`SELECT value FROM meta WHERE key = 'event-log'`).get() as { value: string }
    this.name = row.value
  }

  /** Inside the caller's transaction. */
  append({ topic, kind, txid, outputIndex, proofTxid }: NewEvent): void {
    const sql = 'INSERT INTO events (topic, kind, txid, vout, proof_txid) VALUES (?, ?, ?, ?, ?)'
    this.#db.prepare(sql).run(topic, kind, txid, outputIndex, proofTxid)
  }

  /** The last number given out, of any topic; 0 when there is none. */
  last(): number {
    const row = this.#db.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'events'`).get()
    return row === undefined ? 0 : (row as { seq: number }).seq
  }

  /** The number of the last event of `topic`; 0 when there is none. */
  lastOf(topic: string): number {
    const row = this.#db.prepare('SELECT max(n) AS n FROM events WHERE topic = ?').get(topic) as { n: number | null }
    return row.n ?? 0
  }

  /** The events of `topic` above `since`, in order: at most `limit`, and fewer when their BEEFs together pass `maxBytes` (at least one). */
  read(topic: string, { since, limit, maxBytes }: { since: number; limit: number; maxBytes: number }): FeedEvent[] {
    const sql = `SELECT e.n, e.kind, e.txid, e.vout AS outputIndex, e.proof_txid AS proofTxid, t.beef
      FROM events e JOIN transactions t ON t.txid = e.proof_txid
      WHERE e.topic = ? AND e.n > ? ORDER BY e.n LIMIT ?`
    const events: FeedEvent[] = []
    let bytes = 0
    for (const row of this.#db.prepare(sql).iterate(topic, since, limit)) {
      const event = row as FeedEvent
      bytes += event.beef.length
      if (events.length > 0 && bytes > maxBytes) break
      events.push(event)
    }
    return events
  }
}
