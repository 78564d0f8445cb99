import { diskFaultOf, type DiskFault } from '../database.ts'
import { growing, operations, type OperationName } from '../operations.ts'
import type { WriterContext } from '../writer-context.ts'
import type { SpaceGuard } from './space-guard.ts'

/** One operation to run. The input's type is the operation's. */
export interface Job {
  readonly name: OperationName
  readonly input: unknown
}

/**
 * What came of a job. `full`: there is no room, and nothing was written. `unavailable`: the disk failed, and nothing was
 * written. Errors cross threads as what they say.
 */
export type JobOutcome =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'full' }
  | { readonly kind: 'unavailable'; readonly error: Error; readonly fault: DiskFault }
  | { readonly kind: 'thrown'; readonly error: Error }

const full: JobOutcome = { kind: 'full' }

/**
 * Runs jobs in one transaction, so that they share one sync of the disk. Each has its own outcome: when one throws for
 * another reason than the disk, each runs again alone. When the disk fails, nothing of the batch was written. When it is full,
 * or nearly, what would bring more in is refused, and the rest still runs, since that is what makes room: in the room of the log, and
 * in that of the ballast when there is no other.
 */
export function runBatch(context: WriterContext, jobs: readonly Job[], space: SpaceGuard): JobOutcome[] {
  const isRefused = jobs.some(brings) && !context.waitForDisk(() => space.hasRoom())
  let outcomes = isRefused ? fill(jobs, isOther, (others) => attempt(context, others)) : attempt(context, jobs)
  const isStuck = (job: Job, index: number): boolean => isOther(job) && outcomes[index] === full
  if (!jobs.some(isStuck)) return outcomes
  do {
    context.waitForDisk(() => space.startLogAgain())
    outcomes = fill(jobs, isStuck, (stuck) => attempt(context, stuck), outcomes)
  } while (jobs.some(isStuck) && context.waitForDisk(() => space.letBallastGo()))
  return outcomes
}

const brings = ({ name }: Job): boolean => growing.has(name)
const isOther = (job: Job): boolean => !brings(job)

/** The outcomes of those jobs that are `chosen`, by `run`; the others keep what they have, or have no room. */
function fill(
  jobs: readonly Job[],
  isChosen: (job: Job, index: number) => boolean,
  run: (chosen: readonly Job[]) => JobOutcome[],
  outcomes: readonly JobOutcome[] = [],
): JobOutcome[] {
  const chosen = jobs.filter(isChosen)
  const made = chosen.length === 0 ? [] : run(chosen)
  return jobs.map((job, index) => (isChosen(job, index) ? made.shift() : outcomes[index]) ?? full)
}

function attempt(context: WriterContext, jobs: readonly Job[]): JobOutcome[] {
  try {
    return runTogether(context, jobs)
  } catch (error) {
    const fault = diskFaultOf(error)
    if (fault === 'full') return jobs.map(() => full)
    if (fault !== null) return jobs.map(() => ({ kind: 'unavailable', error: asError(error), fault }))
    if (jobs.length === 1) return [{ kind: 'thrown', error: asError(error) }]
    return jobs.flatMap((job) => attempt(context, [job]))
  }
}

function runTogether(context: WriterContext, jobs: readonly Job[]): JobOutcome[] {
  const begin = context.sql('BEGIN IMMEDIATE')
  try {
    begin.run()
    const outcomes = jobs.map(({ name, input }): JobOutcome => {
      const run = operations[name] as (context: WriterContext, input: unknown) => unknown
      return { kind: 'done', value: run(context, input) }
    })
    context.flush()
    context.commit()
    return outcomes
  } catch (error) {
    context.reset()
    // SQLite has rolled back by itself after some faults of the disk.
    if (context.db.inTransaction) context.db.exec('ROLLBACK')
    throw error
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
