import { Worker } from 'node:worker_threads'
import type { Quotas } from '@overpost/core'
import type { BatchRunner } from './group-commit.ts'
import type { Job, JobOutcome } from './run-batch.ts'

/** What the writer's thread is told at its start. */
export interface WriterThreadData {
  readonly file: string
  readonly maxFileBytes: number | null
  readonly quotas: Quotas | null
  readonly reserveBytes: number
}

interface Asked {
  readonly resolve: (outcomes: readonly JobOutcome[]) => void
  readonly reject: (error: Error) => void
}

/** Runs batches in a thread of their own, so that this one never waits for the disk. A thread that ended is started anew. */
export class ThreadRunner implements BatchRunner {
  readonly #data: WriterThreadData
  #thread: Worker | null
  #asked: Asked | null = null

  constructor(data: WriterThreadData) {
    this.#data = data
    this.#thread = this.#start()
  }

  run(jobs: readonly Job[]): Promise<readonly JobOutcome[]> {
    return new Promise((resolve, reject) => {
      this.#thread ??= this.#start()
      this.#asked = { resolve, reject }
      this.#thread.postMessage(jobs)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const thread = this.#thread
    if (thread === null) return
    const ended = new Promise((resolve) => thread.once('exit', resolve))
    thread.postMessage(null)
    await ended
  }

  #start(): Worker {
    // Node's own options, such as --input-type, are for the main thread's program.
    const options = { workerData: this.#data, execArgv: [] }
    const thread = new Worker(new URL('./writer-thread.js', import.meta.url), options)
    thread.on('message', (outcomes: readonly JobOutcome[]) => {
      this.#asked?.resolve(outcomes)
      this.#asked = null
    })
    thread.on('error', (error) => this.#fail(thread, error))
    thread.on('exit', () => this.#fail(thread, new Error('the writer ended')))
    return thread
  }

  #fail(thread: Worker, error: Error): void {
    if (this.#thread !== thread) return
    this.#thread = null
    this.#asked?.reject(error)
    this.#asked = null
  }
}
