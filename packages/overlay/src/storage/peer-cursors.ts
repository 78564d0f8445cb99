import type Database from 'better-sqlite3'

/** `push`: the number of the last event of ours that the peer was told; `feed`: of the last of theirs that we took; `gasp`: a score. */
export type CursorKind = 'push' | 'feed' | 'gasp'

export interface PeerCursor {
  readonly n: number
  /** The peer's log that `n` counts in; empty where that means nothing. */
  readonly log: string
}

/** How far this node is with each peer and topic. What is behind a cursor is done; after a crash a little is done again. */
export class PeerCursors {
  readonly #db: Database.Database

  constructor(db: Database.Database) {
    this.#db = db
  }

  get(peer: string, topic: string, kind: CursorKind): PeerCursor | null {
    const sql = 'SELECT n, log FROM peer_cursors WHERE peer = ? AND topic = ? AND kind = ?'
    return (this.#db.prepare(sql).get(peer, topic, kind) as PeerCursor | undefined) ?? null
  }

  set(peer: string, topic: string, kind: CursorKind, { n, log }: PeerCursor): void {
    const sql = `INSERT INTO peer_cursors (peer, topic, kind, n, log) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET n = excluded.n, log = excluded.log`
    this.#db.prepare(sql).run(peer, topic, kind, n, log)
  }
}
