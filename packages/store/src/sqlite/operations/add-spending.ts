import type { SpentOn } from '@overpost/core'
import type { WriterContext } from '../writer-context.ts'

/** Counts what adverts cost, and forgets earlier days (`SpendingStore.add`). */
export function addSpending(
  context: WriterContext,
  { day, on, satoshis }: { day: number; on: SpentOn; satoshis: number },
): void {
  context.sql('DELETE FROM spending WHERE day < ?').run(day)
  context
    .sql(
      `INSERT INTO spending (day, spent_on, satoshis) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET satoshis = satoshis + excluded.satoshis`,
    )
    .run(day, on, satoshis)
}
