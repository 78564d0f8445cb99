import { RelayError } from '@overpost/protocol'
import type { Input, OperationName, Output } from '../operations.ts'
import type { Job, JobOutcome } from './run-batch.ts'

/** Runs operations in the order in which they are asked for. */
export interface Writer {
  /**
   * Resolves when what was written is on disk.
   * @throws {RelayError} ERR_STORAGE_FULL when there is no room; ERR_UNAVAILABLE when the disk fails, or the writer is closed.
   */
  run<Name extends OperationName>(name: Name, input: Input<Name>): Promise<Output<Name>>
}

/** Where batches are run. A rejection means that it is not known what came of them. */
export interface BatchRunner extends AsyncDisposable {
  run(jobs: readonly Job[]): Promise<readonly JobOutcome[]>
}

interface Waiting {
  readonly job: Job
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

const mostJobs = 256
/** The rest between batches while several operations come at a time: what comes meanwhile shares one sync. */
const gatherMs = 1

/**
 * Gathers operations into batches: while one batch is on its way to the disk, the next gathers. One that comes alone does not
 * wait; where many come, a sync of the disk costs more than the wait for a few more.
 */
export class GroupCommit implements Writer, AsyncDisposable {
  readonly #runner: BatchRunner
  #waiting: Waiting[] = []
  #work: Promise<void> | null = null
  #isClosed = false

  constructor(runner: BatchRunner) {
    this.#runner = runner
  }

  run<Name extends OperationName>(name: Name, input: Input<Name>): Promise<Output<Name>> {
    if (this.#isClosed) return Promise.reject(new RelayError('ERR_UNAVAILABLE'))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job: { name, input }, resolve: resolve as (value: unknown) => void, reject })
      this.#work ??= this.#workOff()
    })
  }

  /** Takes nothing more, and resolves when all that was asked for before has its outcome. */
  async drain(): Promise<void> {
    this.#isClosed = true
    await this.#work
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain()
    await this.#runner[Symbol.asyncDispose]()
  }

  async #workOff(): Promise<void> {
    let isBusy = false
    while (this.#waiting.length > 0) {
      // What the current turn of the event loop still asks for comes along.
      await (isBusy ? new Promise((resolve) => setTimeout(resolve, gatherMs)) : new Promise(setImmediate))
      const batch = this.#waiting.splice(0, mostJobs)
      isBusy = batch.length > 1
      try {
        settle(batch, await this.#runner.run(batch.map(({ job }) => job)))
      } catch (error) {
        for (const { reject } of batch) reject(new RelayError('ERR_UNAVAILABLE', undefined, { cause: error }))
      }
    }
    this.#work = null
  }
}

function settle(batch: readonly Waiting[], outcomes: readonly JobOutcome[]): void {
  for (const [index, { resolve, reject }] of batch.entries()) {
    const outcome = outcomes[index]
    if (outcome?.kind === 'done') resolve(outcome.value)
    else if (outcome?.kind === 'thrown') reject(outcome.error)
    else if (outcome?.kind === 'full') reject(new RelayError('ERR_STORAGE_FULL'))
    else reject(new RelayError('ERR_UNAVAILABLE', undefined, { cause: outcome?.error }))
  }
}
