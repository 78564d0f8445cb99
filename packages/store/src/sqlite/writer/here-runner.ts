import { openForWriting } from '../database.ts'
import { WriterContext } from '../writer-context.ts'
import type { BatchRunner } from './group-commit.ts'
import { runBatch } from './run-batch.ts'

/** Runs batches in this thread, which waits for the disk. */
export function hereRunner(file: string, maxFileBytes: number | null): BatchRunner {
  const context = new WriterContext(openForWriting(file, maxFileBytes))
  return {
    run: (jobs) => Promise.resolve(runBatch(context, jobs)),
    [Symbol.asyncDispose]() {
      context.db.close()
      return Promise.resolve()
    },
  }
}
