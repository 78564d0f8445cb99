import type { Quotas } from '@overpost/core'
import { openDatabase, type Db } from '../database.ts'
import { WriterContext } from '../writer-context.ts'
import { runBatch, type Job } from './run-batch.ts'
import { DiskGuard } from './space-guard.ts'
import type { Ran, WriterHere } from './writers.ts'

/** What is to be written, and how: plain data, for a thread. */
export interface WriterData {
  readonly file: string
  readonly maxFileBytes: number | null
  readonly quotas: Quotas | null
  readonly reserveBytes: number
  /** The id that the next message on its way out has: shared, so that no two writers of a process give the same. */
  readonly nextOutgoingId: SharedArrayBuffer
}

/** A connection that runs batches, in the thread that asks. Of several to one file, one runs at a time. */
export class BatchWriter implements WriterHere {
  readonly #context: WriterContext
  readonly #space: DiskGuard
  #isOpen = true

  constructor({ file, maxFileBytes, quotas, reserveBytes, nextOutgoingId }: WriterData) {
    const db = limited(openDatabase(file), maxFileBytes)
    this.#context = new WriterContext(db, quotas, new Float64Array(nextOutgoingId))
    this.#space = new DiskGuard(this.#context, reserveBytes, maxFileBytes)
  }

  run(jobs: readonly Job[], isAnew: boolean): Ran {
    if (isAnew) this.#context.reset()
    const before = this.#context.syncMs
    const outcomes = runBatch(this.#context, jobs, this.#space)
    return { outcomes, syncMs: this.#context.syncMs - before }
  }

  leaveLog(): number {
    const pages = this.#context.db.pragma('wal_autocheckpoint', { simple: true }) as number
    this.#context.db.pragma('wal_autocheckpoint = 0')
    return pages
  }

  /** Costs 6 us. */
  logPages(): number {
    return this.#context.sql<[number, number, number]>('PRAGMA wal_checkpoint(NOOP)').get()?.[1] ?? 0
  }

  /** As `WriterElsewhere.emptyLog`. */
  emptyLog(): void {
    this.#context.db.pragma('wal_checkpoint(PASSIVE)')
  }

  /** Keeps the ballast whole, as far as there is room for it. Others may write meanwhile. */
  makeBallast(): Promise<void> {
    return this.#space.makeBallast(() => this.#isOpen)
  }

  close(): void {
    this.#isOpen = false
    this.#context.db.close()
  }
}

function limited(db: Db, maxBytes: number | null): Db {
  if (maxBytes === null) return db
  const pageBytes = db.pragma('page_size', { simple: true }) as number
  db.pragma(`max_page_count = ${Math.max(1, Math.floor(maxBytes / pageBytes))}`)
  return db
}
