import type { BatchRunner } from './group-commit.ts'
import { LogKept } from './log-kept.ts'
import type { Job, JobOutcome } from './run-batch.ts'
import type { WriterElsewhere, WriterHere } from './writers.ts'

/** A sync for which this thread waited longer, in ms, sends the next batches elsewhere. */
const longestMs = 25
/** So do syncs that take longer on the average. */
const slowMs = 8
/** Syncs that take less on the average bring them back, */
const quickMs = 4
/** but not before so long elsewhere: at first, and, each time twice as long, at the most. */
const [firstStayMs, longestStayMs] = [1_000, 60_000]
/** What the last batch counts in the average. */
const weight = 0.2

/**
 * Runs batches in this thread while the disk is quick, since what goes to another thread and back costs more than a quick sync, and
 * in the writer's thread while it is slow, so that this one never waits for it. A disk that stands still now and then stops this thread once
 * a minute; one that did so once costs a second elsewhere. What brings the log into the file is long on every
 * disk: that is always left to the other thread (docs/decisions/0006-sqlite-writer.md).
 */
export class AdaptiveRunner implements BatchRunner {
  readonly #here: WriterHere
  readonly #elsewhere: WriterElsewhere
  readonly #nowMs: () => number
  readonly #log: LogKept
  #isHere = true
  /** The next batch is the first here, or the first elsewhere. */
  #isAnew = false
  #averageMs = 0
  /** Since when they run where they run now. */
  #sinceMs = -Infinity
  #stayMs = firstStayMs

  constructor(here: WriterHere, elsewhere: WriterElsewhere, nowMs = () => performance.now()) {
    this.#here = here
    this.#elsewhere = elsewhere
    this.#nowMs = nowMs
    this.#log = new LogKept(here, elsewhere)
  }

  async run(jobs: readonly Job[]): Promise<readonly JobOutcome[]> {
    // Before the batch: what goes wrong with the log is no answer to what is on disk already.
    if (this.#isHere) await this.#log.keepShort()
    const isAnew = this.#isAnew
    this.#isAnew = false
    const { outcomes, syncMs } = this.#isHere ? this.#here.run(jobs, isAnew) : await this.#elsewhere.run(jobs, isAnew)
    this.#averageMs += weight * (Math.min(syncMs, 2 * longestMs) - this.#averageMs)
    const isWell = outcomes.every(({ kind }) => kind === 'done')
    if (!this.#isHere) {
      const wasLong = this.#nowMs() - this.#sinceMs > this.#stayMs
      if (isWell && wasLong && this.#averageMs < quickMs) this.#move(true)
    } else if (!isWell || syncMs > longestMs || this.#averageMs > slowMs) {
      const wasHereLong = this.#nowMs() - this.#sinceMs > longestStayMs
      this.#stayMs = wasHereLong ? firstStayMs : Math.min(2 * this.#stayMs, longestStayMs)
      this.#move(false)
    }
    return outcomes
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#here.close()
    // It closes last, which brings all of the log into the file.
    await this.#elsewhere[Symbol.asyncDispose]()
  }

  #move(isHere: boolean): void {
    this.#isHere = isHere
    this.#isAnew = true
    this.#sinceMs = this.#nowMs()
  }
}
