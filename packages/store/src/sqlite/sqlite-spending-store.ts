import type { SpendingStore, SpentOn } from '@overpost/core'
import type { ReaderContext } from './reader-context.ts'
import type { Writer } from './writer/group-commit.ts'

/** What adverts cost, in SQLite. */
export class SqliteSpendingStore implements SpendingStore {
  readonly #reader: ReaderContext
  readonly #writer: Writer

  constructor(reader: ReaderContext, writer: Writer) {
    this.#reader = reader
    this.#writer = writer
  }

  spent(day: number): Promise<Record<SpentOn, number>> {
    return new Promise((resolve) => {
      const sql = 'SELECT spent_on, satoshis FROM spending WHERE day = ?'
      const rows = this.#reader.read(() => this.#reader.sql<[SpentOn, number]>(sql).all(day))
      resolve({ known: 0, newcomers: 0, ...Object.fromEntries(rows) })
    })
  }

  async add(day: number, on: SpentOn, satoshis: number): Promise<void> {
    await this.#writer.run('addSpending', { day, on, satoshis })
  }
}
