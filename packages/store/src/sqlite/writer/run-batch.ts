import { isOfTheDisk } from '../database.ts'
import { operations, type OperationName } from '../operations.ts'
import type { WriterContext } from '../writer-context.ts'

/** One operation to run. The input's type is the operation's. */
export interface Job {
  readonly name: OperationName
  readonly input: unknown
}

/** What came of a job. `unavailable`: the disk failed, and nothing was written. Errors cross threads as what they say. */
export type JobOutcome =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'unavailable' | 'thrown'; readonly error: Error }

/**
 * Runs jobs in one transaction, so that they share one sync of the disk. Each has its own outcome: when one throws for
 * another reason than the disk, each runs again alone. When the disk fails, nothing of the batch was written.
 */
export function runBatch(context: WriterContext, jobs: readonly Job[]): JobOutcome[] {
  try {
    return runTogether(context, jobs)
  } catch (error) {
    if (isOfTheDisk(error)) return jobs.map(() => ({ kind: 'unavailable', error }))
    if (jobs.length === 1) return [{ kind: 'thrown', error: error instanceof Error ? error : new Error(String(error)) }]
    return jobs.flatMap((job) => runBatch(context, [job]))
  }
}

function runTogether(context: WriterContext, jobs: readonly Job[]): JobOutcome[] {
  const begin = context.sql('BEGIN IMMEDIATE')
  const commit = context.sql('COMMIT')
  try {
    begin.run()
    const outcomes = jobs.map(({ name, input }): JobOutcome => {
      const run = operations[name] as (context: WriterContext, input: unknown) => unknown
      return { kind: 'done', value: run(context, input) }
    })
    context.flush()
    commit.run()
    return outcomes
  } catch (error) {
    context.reset()
    // SQLite has rolled back by itself after some faults of the disk.
    if (context.db.inTransaction) context.db.exec('ROLLBACK')
    throw error
  }
}
