import Database from 'better-sqlite3'

/**
 * Makes this process the only one that has `file` open, by an exclusive lock on a small database beside it. The operating
 * system ends the lock with the process, however that ends.
 * @throws {Error} when another process has it open.
 */
export function lockFile(file: string): Disposable {
  const db = new Database(`${file}.lock`, { timeout: 0 })
  try {
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    const isTaken = error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')
    throw isTaken ? new Error(`${file} is in use: only one process can have it open`, { cause: error }) : error
  }
  return { [Symbol.dispose]: () => db.close() }
}
