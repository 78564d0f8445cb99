import Database from 'better-sqlite3'

export type Db = Database.Database

/** A connection with its prepared statements. */
export class Connection {
  readonly db: Db
  readonly #statements = new Map<string, Database.Statement>()

  constructor(db: Db) {
    this.db = db
  }

  /** The prepared statement of `text`, made once. Rows come as arrays, in the order of the columns. */
  sql<Row extends readonly unknown[] = []>(text: string): Database.Statement<unknown[], Row> {
    let statement = this.#statements.get(text)
    if (statement === undefined) {
      statement = this.db.prepare(text)
      if (statement.reader) statement.raw(true)
      this.#statements.set(text, statement)
    }
    return statement as Database.Statement<unknown[], Row>
  }
}

const busyTimeoutMs = 5_000
/** Pages of the log before they are brought into the file: 32 MiB, since a page that changes often is then written once. */
const checkpointPages = 8_192
/** What the log is cut to when it has grown longer while it could not be emptied. */
const longestLogBytes = 64 * 1024 * 1024
const cacheKib = 32_768

/** Opens `file`, so that what is committed is on disk (WAL, synchronous=FULL). Makes it when it does not exist. */
export function openDatabase(file: string): Db {
  const db = new Database(file, { timeout: busyTimeoutMs })
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.pragma('foreign_keys = ON')
  db.pragma(`wal_autocheckpoint = ${checkpointPages}`)
  db.pragma(`journal_size_limit = ${longestLogBytes}`)
  db.pragma(`cache_size = -${cacheKib}`)
  return db
}

const faultsOfTheDisk = /^SQLITE_(IOERR|FULL|READONLY|BUSY|LOCKED|CANTOPEN|CORRUPT|NOTADB|PROTOCOL|NOMEM|PERM)/

/** Whether an error is the disk's, and not a program's. */
export function isOfTheDisk(error: unknown): error is Error {
  return error instanceof Database.SqliteError && faultsOfTheDisk.test(error.code)
}
