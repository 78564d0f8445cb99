import type { Quotas, Store } from '@overpost/core'
import { ClaimingOutboxStore } from '../outbox/claiming-outbox-store.ts'
import { openDatabase, type Db } from './database.ts'
import { lockFile } from './file-lock.ts'
import { migrate } from './migrate.ts'
import { ReaderContext } from './reader-context.ts'
import { SqliteAuthorizationStore } from './sqlite-authorization-store.ts'
import { SqliteMailboxStore } from './sqlite-mailbox-store.ts'
import { SqlitePermissionStore } from './sqlite-permission-store.ts'
import { SqliteProofPolicyStore } from './sqlite-proof-policy-store.ts'
import { SqliteWithdrawalStore } from './sqlite-withdrawal-store.ts'
import { sqliteOutboxRows } from './sqlite-outbox-rows.ts'
import { GroupCommit } from './writer/group-commit.ts'
import { ThreadRunner } from './writer/thread-runner.ts'

export interface SqliteStoreOptions {
  /** Made when it does not exist. */
  readonly file: string
  /** What the file may grow to, in bytes; writes beyond are refused with ERR_UNAVAILABLE. Null: as much as the disk holds. */
  readonly maxFileBytes?: number | null
  /** Null: none. */
  readonly quotas?: Quotas | null
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

function openLocked({ file, maxFileBytes = null, quotas = null }: SqliteStoreOptions, lock: Disposable): Store {
  const reader = new ReaderContext(openForReading(file))
  const writer = new GroupCommit(new ThreadRunner({ file, maxFileBytes, quotas }))
  const authorizations = new SqliteAuthorizationStore(reader, writer)
  const outbox = new ClaimingOutboxStore(sqliteOutboxRows(reader), {
    finishParcels: (ends) => writer.run('finishParcels', ends),
    finishUnrouted: (ends) => writer.run('finishUnrouted', ends),
  })
  return {
    mailboxes: new SqliteMailboxStore(reader, writer, (placement) => outbox.noteAccepted(placement)),
    outbox,
    authorizations,
    withdrawals: new SqliteWithdrawalStore(reader, writer, (user) => authorizations.forget(user)),
    proofPolicies: new SqliteProofPolicyStore(reader, writer),
    permissions: new SqlitePermissionStore(reader, writer),
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

/** Brings the file up to date first: the writer's thread finds its tables made. */
function openForReading(file: string): Db {
  const db = openDatabase(file)
  try {
    migrate(db)
    db.pragma('query_only = ON')
    return db
  } catch (error) {
    db.close()
    throw error
  }
}
