import { Worker } from 'node:worker_threads'
import type { WriterData } from './batch-writer.ts'
import type { Job } from './run-batch.ts'
import type { Ran, WriterElsewhere } from './writers.ts'

export type AskedOfThread =
  { readonly kind: 'run'; readonly jobs: readonly Job[]; readonly isAnew: boolean } | { readonly kind: 'empty-log' }

interface Waiting {
  readonly resolve: (answer: Ran | null) => void
  readonly reject: (error: Error) => void
}

/**
 * A writer in a thread of its own, so that this one never waits for the disk. It does one thing after the other. A thread that
 * ended is started anew.
 */
export class ThreadRunner implements WriterElsewhere {
  readonly #data: WriterData
  #thread: Worker | null
  /** What was asked and not answered, in order. */
  #waiting: Waiting[] = []

  constructor(data: WriterData) {
    this.#data = data
    this.#thread = this.#start()
  }

  async run(jobs: readonly Job[], isAnew: boolean): Promise<Ran> {
    const ran = await this.#ask({ kind: 'run', jobs, isAnew })
    if (ran === null) throw new Error('the writer answered nothing')
    return ran
  }

  async emptyLog(): Promise<void> {
    await this.#ask({ kind: 'empty-log' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const thread = this.#thread
    if (thread === null) return
    const ended = new Promise((resolve) => thread.once('exit', resolve))
    thread.postMessage(null)
    await ended
  }

  #ask(asked: AskedOfThread): Promise<Ran | null> {
    return new Promise((resolve, reject) => {
      this.#thread ??= this.#start()
      this.#waiting.push({ resolve, reject })
      this.#thread.postMessage(asked)
    })
  }

  #start(): Worker {
    // Node's own options, such as --input-type, are for the main thread's program.
    const options = { workerData: this.#data, execArgv: [] }
    const thread = new Worker(new URL('./writer-thread.js', import.meta.url), options)
    thread.on('message', (answer: Ran | null) => this.#waiting.shift()?.resolve(answer))
    thread.on('error', (error) => this.#fail(thread, error))
    thread.on('exit', () => this.#fail(thread, new Error('the writer ended')))
    return thread
  }

  #fail(thread: Worker, error: Error): void {
    if (this.#thread !== thread) return
    this.#thread = null
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }
}
