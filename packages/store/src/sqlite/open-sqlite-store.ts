import type { Quotas, Store } from '@overpost/core'
import { ClaimingOutboxStore } from '../outbox/claiming-outbox-store.ts'
import { claimingQueueStore } from '../outbox/queue-rows.ts'
import { claimingResendStore } from '../outbox/resend-rows.ts'
import { beginAgain } from './backup/begin-again.ts'
import { BackgroundCheck } from './background-check.ts'
import {
  bytesOf,
  checkedAtStartBytes as usualCheckedAtStartBytes,
  damaged,
  explainFault,
  findDamage,
} from './check-file.ts'
import { openDatabase, type Db } from './database.ts'
import { freeBytesBeside } from './free-bytes.ts'
import { lockFile, type FileLock } from './file-lock.ts'
import { describeLogDamage, findLogDamage } from './log-damage.ts'
import { migrate } from './migrate.ts'
import { ReaderContext } from './reader-context.ts'
import { SqliteAcknowledgementStore } from './sqlite-acknowledgement-store.ts'
import { SqliteAuthorizationStore } from './sqlite-authorization-store.ts'
import { SqliteHostKeyStore } from './sqlite-host-key-store.ts'
import { sqliteMessageRecords } from './sqlite-message-records.ts'
import { SqliteDeviceStore } from './sqlite-device-store.ts'
import { SqliteMailboxStore } from './sqlite-mailbox-store.ts'
import { SqlitePermissionStore } from './sqlite-permission-store.ts'
import { SqliteProofPolicyStore } from './sqlite-proof-policy-store.ts'
import { SqliteHandoverStore } from './sqlite-handover-store.ts'
import { SqliteSpendingStore } from './sqlite-spending-store.ts'
import { SqliteWithdrawalStore } from './sqlite-withdrawal-store.ts'
import { SqliteRuleStore } from './sqlite-rule-store.ts'
import { sqliteResendRows } from './sqlite-resend-rows.ts'
import { sqliteQueueRows } from './sqlite-queue-rows.ts'
import { sqliteOutboxRows } from './sqlite-outbox-rows.ts'
import { GroupCommit } from './writer/group-commit.ts'
import { AdaptiveRunner } from './writer/adaptive-runner.ts'
import { Ballast } from './writer/ballast.ts'
import { BatchWriter } from './writer/batch-writer.ts'
import { ThreadRunner } from './writer/thread-runner.ts'

/** The log's index at the start, and the first pages of the log. */
const indexBytes = 256 * 1024

export interface SqliteStoreOptions {
  /** Made when it does not exist. */
  readonly file: string
  /** What the file may grow to, in bytes; what comes beyond is refused with ERR_STORAGE_FULL. Null: as much as the disk holds. */
  readonly maxFileBytes?: number | null
  /** Null: none. */
  readonly quotas?: Quotas | null
  /**
   * When less room is left than this, new mail is refused, while what makes room goes on: half of it is kept as `<file>-ballast`
   * for that. 0: only when the disk is full.
   */
  readonly reserveBytes?: number
  /** Up to what size the whole file is checked before it is used; a larger one is checked behind its use. */
  readonly checkedAtStartBytes?: number
  /** By which clock messages have their end; the system's by default. */
  readonly nowMs?: () => number
}

/**
 * Opens the store in `file`. One process has it open at a time.
 * @throws {Error} when another process has it open, a newer program made it, or the file is damaged.
 */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const lock = lockFile(options.file)
  try {
    return openLocked(options, lock)
  } catch (error) {
    lock[Symbol.dispose]()
    throw explainFault(options.file, error)
  }
}

function openLocked(options: SqliteStoreOptions, lock: FileLock): Store {
  const {
    file,
    maxFileBytes = null,
    quotas = null,
    reserveBytes = 0,
    checkedAtStartBytes = usualCheckedAtStartBytes,
    nowMs = Date.now,
  } = options
  if (lock.wasMade && bytesOf(file) === 0) throw damaged(file, 'it is empty')
  const lost = findLogDamage(file)
  if (lost !== null) throw damaged(file, describeLogDamage(lost))
  const isSmall = (bytesOf(file) ?? 0) <= checkedAtStartBytes
  // The log's index is mapped memory: where the disk has no room for a page of it, SQLite fails, or SIGBUS ends the process.
  if (freeBytesBeside(file) < indexBytes) new Ballast(file, reserveBytes).letGo()
  const reader = new ReaderContext(openForReading(file, isSmall, nowMs()))
  lock.noteMade()
  const check = isSmall ? null : new BackgroundCheck(file)
  const nextOutgoingId = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT)
  const data = { file, maxFileBytes, quotas, reserveBytes, nextOutgoingId }
  const writer = new GroupCommit(new AdaptiveRunner(new BatchWriter(data), new ThreadRunner(data)))
  const authorizations = new SqliteAuthorizationStore(reader, writer)
  const outbox = new ClaimingOutboxStore(sqliteOutboxRows(reader), {
    finishParcels: (ends) => writer.run('finishParcels', { ...ends, nowMs: nowMs() }),
    finishUnrouted: (ends) => writer.run('finishUnrouted', { ...ends, nowMs: nowMs() }),
    expire: (input) => writer.run('expireOutgoing', { ...input, nowMs: nowMs() }),
    finishDelays: (upTo, notices) => writer.run('noteDelays', { upTo, notices }),
    finishReturns: (ends) => writer.run('returnMessages', { ends, nowMs: nowMs() }),
    prune: (before) => writer.run('pruneSettled', before),
  })
  return {
    mailboxes: new SqliteMailboxStore(reader, writer, {
      noteAccepted: (placement) => outbox.noteAccepted(placement),
      nowMs,
    }),
    outbox,
    acknowledgements: new SqliteAcknowledgementStore(reader, writer),
    records: sqliteMessageRecords(reader),
    authorizations,
    handovers: new SqliteHandoverStore(reader, writer, (user) => authorizations.forget(user)),
    spending: new SqliteSpendingStore(reader, writer),
    withdrawals: new SqliteWithdrawalStore(reader, writer, (user) => authorizations.forget(user)),
    rules: new SqliteRuleStore(reader, writer),
    resends: claimingResendStore(sqliteResendRows(reader, writer), outbox),
    queue: claimingQueueStore(sqliteQueueRows(reader, writer), outbox),
    proofPolicies: new SqliteProofPolicyStore(reader, writer),
    hostKeys: new SqliteHostKeyStore(reader, writer),
    permissions: new SqlitePermissionStore(reader, writer),
    devices: new SqliteDeviceStore(reader, writer),
    sessionState: {
      take: () => writer.run('takeSessionState', null),
      save: (state) => writer.run('saveSessionState', Uint8Array.from(state)),
    },
    probe: () => writer.run('probe', null),
    damage: () => check?.damage ?? null,
    async [Symbol.asyncDispose]() {
      await writer.drain()
      await check?.[Symbol.asyncDispose]()
      // The writer closes last, which brings all of the log into the file.
      reader.db.close()
      await writer[Symbol.asyncDispose]()
      lock[Symbol.dispose]()
    },
  }
}

/** Brings the file up to date first: the writer's thread finds its tables made. */
function openForReading(file: string, isChecked: boolean, nowMs: number): Db {
  const db = openDatabase(file)
  try {
    const damage = isChecked ? findDamage(db) : null
    if (damage !== null) throw damaged(file, damage)
    migrate(db)
    beginAgain(db, nowMs)
    db.pragma('query_only = ON')
    return db
  } catch (error) {
    db.close()
    throw error
  }
}
