import type { Job, JobOutcome } from './run-batch.ts'

/** What came of a batch, and how long its thread waited for the disk. */
export interface Ran {
  readonly outcomes: readonly JobOutcome[]
  readonly syncMs: number
}

/** A writer in the thread that asks. `isAnew`: the other one may have written since. */
export interface WriterHere {
  run(jobs: readonly Job[], isAnew: boolean): Ran
  /** Leaves it to the other one to empty the log. Returns after how many pages that is to be done. */
  leaveLog(): number
  /** Pages in the log that are not to be overwritten yet. */
  logPages(): number
  close(): void
}

/** A writer in a thread of its own. */
export interface WriterElsewhere extends AsyncDisposable {
  /** A rejection means that it is not known what came of them. */
  run(jobs: readonly Job[], isAnew: boolean): Promise<Ran>
  /** Brings what is in the log into the file, but for what is written meanwhile. */
  emptyLog(): Promise<void>
}
