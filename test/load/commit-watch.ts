import Database from 'better-sqlite3'

/** How long the watch sleeps between two looks: what a measured time may be too long by. */
const LOOK_EVERY_MS = 0.1
const PATIENCE_MS = 10_000

/**
 * Sees from outside when a host has committed a message, through a second, read-only connection to its database. SQLite shows
 * a commit to other connections only after the log is synced, so what is seen is durable; and the host is not asked, so
 * looking costs it nothing.
 */
export class CommitWatch {
  readonly #database: Database.Database
  readonly #find: Database.Statement<[string]>

  /** `query` finds a message by its id. */
  constructor(file: string, query: string) {
    this.#database = new Database(file, { readonly: true })
    this.#find = this.#database.prepare<[string]>(query)
  }

  /** Blocks this thread until the message is there; the time (`performance.now()`) at which it was. */
  until(messageId: string): number {
    const pause = new Int32Array(new SharedArrayBuffer(4))
    const giveUpAt = performance.now() + PATIENCE_MS
    while (this.#find.get(messageId) === undefined) {
      if (performance.now() > giveUpAt) throw new Error(`Message ${messageId} was not committed in ${PATIENCE_MS} ms`)
      Atomics.wait(pause, 0, 0, LOOK_EVERY_MS)
    }
    return performance.now()
  }

  [Symbol.dispose](): void {
    this.#database.close()
  }
}
