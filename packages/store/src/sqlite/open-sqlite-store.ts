import type { Store } from '@overpost/core'
import { ClaimingOutboxStore } from '../outbox/claiming-outbox-store.ts'
import { openForReading, openForWriting } from './database.ts'
import { lockFile } from './file-lock.ts'
import { migrate } from './migrate.ts'
import { ReaderContext } from './reader-context.ts'
import { SqliteAuthorizationStore } from './sqlite-authorization-store.ts'
import { SqliteMailboxStore } from './sqlite-mailbox-store.ts'
import { sqliteOutboxRows } from './sqlite-outbox-rows.ts'
import { GroupCommit } from './writer/group-commit.ts'
import { hereRunner } from './writer/here-runner.ts'
import { ThreadRunner } from './writer/thread-runner.ts'

export interface SqliteStoreOptions {
  /** Made when it does not exist. */
  readonly file: string
  /** What the file may grow to, in bytes; writes beyond are refused with ERR_UNAVAILABLE. Null: as much as the disk holds. */
  readonly maxFileBytes?: number | null
  readonly writer?: 'thread' | 'here'
}

/**
 * Opens the store in `file`. One process has it open at a time.
 * @throws {Error} when another process has it open, or a newer program made it.
 */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const lock = lockFile(options.file)
  try {
    return openLocked(options, lock)
  } catch (error) {
    lock[Symbol.dispose]()
    throw error
  }
}

function openLocked(
  { file, maxFileBytes = null, writer: where = 'thread' }: SqliteStoreOptions,
  lock: Disposable,
): Store {
  prepareFile(file)
  const runner = where === 'thread' ? new ThreadRunner({ file, maxFileBytes }) : hereRunner(file, maxFileBytes)
  const writer = new GroupCommit(runner)
  const reader = new ReaderContext(openForReading(file))
  const outbox = new ClaimingOutboxStore(sqliteOutboxRows(reader), {
    finishParcels: (ends) => writer.run('finishParcels', ends),
    finishUnrouted: (ends) => writer.run('finishUnrouted', ends),
  })
  return {
    mailboxes: new SqliteMailboxStore(reader, writer, (placement) => outbox.noteAccepted(placement)),
    outbox,
    authorizations: new SqliteAuthorizationStore(reader, writer),
    sessionState: {
      take: () => writer.run('takeSessionState', null),
      save: (state) => writer.run('saveSessionState', Uint8Array.from(state)),
    },
    async [Symbol.asyncDispose]() {
      await writer.drain()
      // The writer closes last, which brings all of the log into the file.
      reader.db.close()
      await writer[Symbol.asyncDispose]()
      lock[Symbol.dispose]()
    },
  }
}

function prepareFile(file: string): void {
  const db = openForWriting(file, null)
  try {
    migrate(db)
  } finally {
    db.close()
  }
}
