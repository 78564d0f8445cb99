import type Database from 'better-sqlite3'

interface Job {
  readonly write: () => void
  readonly onDurable: () => void
}

/** Writes that wait share one transaction, which begins when the event loop has read what the sockets hold. */
export class GroupCommit {
  #waiting: Job[] = []
  readonly #commit: (jobs: readonly Job[]) => void

  constructor(database: Database.Database) {
    this.#commit = database.transaction((jobs: readonly Job[]) => {
      for (const { write } of jobs) write()
    })
  }

  /** Runs `write` in the next transaction and calls `onDurable` once that is on disk. A failed commit ends the process. */
  add(write: () => void, onDurable: () => void): void {
    this.#waiting.push({ write, onDurable })
    if (this.#waiting.length === 1) setImmediate(() => this.#flush())
  }

  #flush(): void {
    const jobs = this.#waiting
    this.#waiting = []
    this.#commit(jobs)
    for (const { onDurable } of jobs) onDurable()
  }
}
