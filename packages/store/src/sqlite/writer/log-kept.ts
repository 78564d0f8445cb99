import type { WriterElsewhere, WriterHere } from './writers.ts'

/**
 * Keeps the log of a writer short: another empties it, while this one goes on. What comes in meanwhile is emptied before the next
 * batch, so that there is a moment in which all of the log is in the file, and it begins anew.
 */
export class LogKept {
  readonly #here: Pick<WriterHere, 'logPages'>
  readonly #elsewhere: Pick<WriterElsewhere, 'emptyLog'>
  readonly #mostPages: number
  /** Beyond so many pages it is emptied: more than the most after an attempt that a reader stood in the way of. */
  #limit: number
  #emptying: 'no' | 'begun' | 'all but the rest' = 'no'

  constructor(here: Pick<WriterHere, 'logPages' | 'leaveLog'>, elsewhere: Pick<WriterElsewhere, 'emptyLog'>) {
    this.#here = here
    this.#elsewhere = elsewhere
    this.#mostPages = here.leaveLog()
    this.#limit = this.#mostPages
  }

  /** Before a batch. */
  async keepShort(): Promise<void> {
    if (this.#emptying === 'no') this.#look()
    if (this.#emptying !== 'all but the rest') return
    this.#emptying = 'no'
    // One that ended is started anew for the next batch, or the next time.
    await this.#elsewhere.emptyLog().catch(() => undefined)
  }

  #look(): void {
    const pages = this.#here.logPages()
    if (pages <= this.#mostPages) this.#limit = this.#mostPages
    if (pages <= this.#limit) return
    this.#limit = pages + this.#mostPages / 4
    this.#emptying = 'begun'
    const end = (): void => void (this.#emptying = 'all but the rest')
    this.#elsewhere.emptyLog().then(end, end)
  }
}
