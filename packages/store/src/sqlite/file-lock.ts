import Database from 'better-sqlite3'

/** Held by the one process that has a store open. */
export interface FileLock extends Disposable {
  /** Whether a store was ever made beside it. */
  readonly wasMade: boolean
  /** Notes that there is a store. */
  noteMade(): void
}

/**
 * Makes this process the only one that has `file` open, by an exclusive lock on a small database beside it. The operating
 * system ends the lock with the process, however that ends.
 * @throws {Error} when another process has it open.
 */
export function lockFile(file: string): FileLock {
  const db = new Database(`${file}.lock`, { timeout: 0 })
  try {
    // The lock outlives the transaction that takes it.
    db.pragma('locking_mode = EXCLUSIVE')
    db.exec('BEGIN EXCLUSIVE; COMMIT')
  } catch (error) {
    db.close()
    const isTaken = error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')
    throw isTaken ? new Error(`${file} is in use: only one process can have it open`, { cause: error }) : error
  }
  const wasMade = db.pragma('user_version', { simple: true }) === 1
  return {
    wasMade,
    noteMade: () => {
      if (!wasMade) db.pragma('user_version = 1')
    },
    [Symbol.dispose]: () => db.close(),
  }
}
