import { RelayError } from '@overpost/protocol'

/** Lets `atOnce` pieces of work run; others wait their turn, up to `waiting` of them. */
export class Gate {
  readonly #limits: { readonly atOnce: number; readonly waiting: number }
  readonly #queue: (() => void)[] = []
  #running = 0

  constructor(limits: { readonly atOnce: number; readonly waiting: number }) {
    this.#limits = limits
  }

  /** @throws {RelayError} ERR_UNAVAILABLE when too many wait already */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limits.atOnce) {
      if (this.#queue.length >= this.#limits.waiting) {
        throw new RelayError('ERR_UNAVAILABLE', 'Too many requests at once; try again.')
      }
      await new Promise<void>((resolve) => this.#queue.push(resolve)) // the one who leaves hands over its place
    } else this.#running++
    try {
      return await work()
    } finally {
      const next = this.#queue.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}
