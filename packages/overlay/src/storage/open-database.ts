import Database from 'better-sqlite3'
import { randomBytes } from 'node:crypto'
import { initialMigration } from '../migrations/0001-initial.ts'
import { withdrawalsMigration } from '../migrations/0002-withdrawals.ts'
import { reorgsMigration } from '../migrations/0003-reorgs.ts'
import { peersMigration } from '../migrations/0004-peers.ts'

const migrations: readonly (string | ((db: Database.Database) => void))[] = [
  initialMigration,
  withdrawalsMigration,
  reorgsMigration,
  peersMigration,
]

/**
 * Opens (or makes) the node's database and brings its schema up to date, each migration in a transaction of its own.
 * A commit is on disk when it returns (WAL, synchronous=FULL). The file belongs to this process until it is closed.
 * @throws {Error} when another process has it open, or when a newer version of this program wrote it.
 */
export function openDatabase(path: string): Database.Database {
  const db = new Database(path, { timeout: 2_000 })
  try {
    db.pragma('locking_mode = EXCLUSIVE')
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    db.pragma('foreign_keys = ON')
    migrate(db)
    return db
  } catch (error) {
    db.close()
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
      throw new Error(`${path} is in use by another process`, { cause: error })
    }
    throw error
  }
}

function migrate(db: Database.Database): void {
  const version = db.pragma('user_version', { simple: true })
  if (typeof version !== 'number' || version > migrations.length) {
    throw new Error(`the database has schema ${String(version)}; this program knows up to ${migrations.length}`)
  }
  for (const [index, migration] of migrations.entries()) {
    if (index < version) continue
    db.transaction(() => {
      if (typeof migration === 'string') db.exec(migration)
      else migration(db)
      if (index === 0) {
        const log = randomBytes(16).toString('hex')
        db.prepare(`INSERT INTO meta (key, value) VALUES ('event-log', ?)`).run(log)
      }
      db.pragma(`user_version = ${index + 1}`)
    }).immediate()
  }
}
