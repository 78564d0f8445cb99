import type { AcknowledgementStore, MessageName, Passage } from '@overpost/core'
import type { IdentityKey, SyncAcknowledgements } from '@overpost/protocol'
import type { ReaderContext } from './reader-context.ts'
import type { Writer } from './writer/group-commit.ts'

type PassageColumns = [number, string, number, string, number]

/** What travels of acknowledgements, in SQLite. */
export class SqliteAcknowledgementStore implements AcknowledgementStore {
  readonly #reader: ReaderContext
  readonly #writer: Writer

  constructor(reader: ReaderContext, writer: Writer) {
    this.#reader = reader
    this.#writer = writer
  }

  acknowledgeElsewhere(owner: IdentityKey, names: readonly MessageName[], nowMs: number): Promise<number> {
    return this.#writer.run('acknowledgeElsewhere', { owner, names, nowMs })
  }

  markElsewhere(owner: IdentityKey, names: readonly MessageName[]): Promise<number> {
    return this.#writer.run('markElsewhere', { owner, names })
  }

  putPassage(sync: SyncAcknowledgements, nowMs: number): Promise<void> {
    return this.#writer.run('putPassage', { sync, nowMs })
  }

  duePassages({ nowMs, longestWaitMs, limit }: Parameters<AcknowledgementStore['duePassages']>[0]): Promise<Passage[]> {
    const sql = `SELECT id, sync, noted_at_ms, done, attempts FROM passages WHERE due_at_ms > ? AND due_at_ms <= ?
                 ORDER BY due_at_ms, id LIMIT ?`
    const spans = [
      [-1, nowMs],
      [nowMs + longestWaitMs, Number.MAX_SAFE_INTEGER],
    ] as const
    return this.#read(() => {
      const due = this.#reader.sql<PassageColumns>(sql)
      return spans
        .flatMap(([afterMs, upToMs]) => due.all(afterMs, upToMs, limit))
        .slice(0, limit)
        .map(toPassage)
    })
  }

  wakePassages(ids: readonly number[], nowMs: number): Promise<void> {
    return this.#writer.run('wakePassages', { ids, nowMs })
  }

  nextPassageAtMs(): Promise<number | null> {
    return this.#read(() => this.#reader.sql<[number | null]>('SELECT min(due_at_ms) FROM passages').get()?.[0] ?? null)
  }

  finishPassage(id: number, next: Parameters<AcknowledgementStore['finishPassage']>[1]): Promise<void> {
    return this.#writer.run('finishPassage', { id, next })
  }

  #read<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => resolve(this.#reader.read(work)))
  }
}

function toPassage([id, sync, notedAtMs, done, attempts]: PassageColumns): Passage {
  return {
    ...{ id, notedAtMs, attempts },
    sync: JSON.parse(sync) as SyncAcknowledgements,
    done: JSON.parse(done) as IdentityKey[],
  }
}
