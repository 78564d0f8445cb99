import Database from 'better-sqlite3'

export type Db = Database.Database

/**
 * A limit to be bound, for statements that run often: one that is a parameter and nothing else has SQLite (from 3.51 on) look at its value while
 * it plans, and so prepare the statement anew each time that one is bound, at 10 to 40 us.
 */
export const boundLimit = 'LIMIT (? + 0)'

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
  // A process that has no file handles left can still do all that it does.
  db.pragma('temp_store = MEMORY')
  return db
}

/** What the disk may do to a store. `full`: there is no room. `damaged`: the file does not hold what was written. */
export type DiskFault = 'full' | 'damaged' | 'failing'

/** The log's index is a file too: it reports a full disk under a name of its own. */
const noRoom = /^SQLITE_(FULL|IOERR_SHMSIZE)/
const notWhatWasWritten = /^SQLITE_(CORRUPT|NOTADB|IOERR_SHORT_READ|IOERR_CORRUPTFS|IOERR_DATA)/
const otherFaults = /^SQLITE_(IOERR|READONLY|BUSY|LOCKED|CANTOPEN|PROTOCOL|NOMEM|PERM)/

/** What an error says of the disk; null when it is a program's. */
export function diskFaultOf(error: unknown): DiskFault | null {
  if (!(error instanceof Database.SqliteError)) return null
  if (noRoom.test(error.code)) return 'full'
  if (notWhatWasWritten.test(error.code)) return 'damaged'
  return otherFaults.test(error.code) ? 'failing' : null
}
