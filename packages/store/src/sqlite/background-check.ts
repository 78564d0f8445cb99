import { Worker } from 'node:worker_threads'

/** Checks a file in a thread of its own, while it is in use, and remembers what came of it. */
export class BackgroundCheck implements AsyncDisposable {
  /** What is wrong; null when nothing is, or it is not known yet. */
  damage: string | null = null
  readonly done: Promise<void>
  readonly #thread: Worker

  constructor(file: string) {
    const thread = new Worker(new URL('./check-thread.js', import.meta.url), { workerData: file, execArgv: [] })
    this.#thread = thread
    this.done = new Promise((resolve) => {
      thread.on('message', (damage: string | null) => (this.damage = damage))
      // It could not look, which says nothing about the file.
      thread.on('error', () => undefined)
      thread.on('exit', () => resolve())
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread.terminate()
  }
}
