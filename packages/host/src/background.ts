import { setMaxListeners } from 'node:events'
import type { Logger } from 'pino'

/** The loops of a host: started with it, and ended together. */
export class Background {
  readonly #log: Logger
  readonly #stopping = new AbortController()
  readonly #running = new Map<string, Promise<void>>()
  readonly #faults = new Map<string, string>()

  constructor(log: Logger) {
    this.#log = log
    // Every loop waits for it, and there are more than Node takes for a leak.
    setMaxListeners(0, this.#stopping.signal)
  }

  /** Runs a loop until {@link stop}. One that ends before is a fault, which {@link fault} tells. */
  start(name: string, loop: (signal: AbortSignal) => Promise<void>): void {
    const { signal } = this.#stopping
    const run = async (): Promise<void> => {
      try {
        await loop(signal)
        if (!signal.aborted) this.#faults.set(name, 'ended')
      } catch (error) {
        this.#faults.set(name, 'failed')
        this.#log.fatal({ part: name, err: error }, 'a part of the host has ended')
      }
    }
    this.#running.set(name, run())
  }

  /** Why a loop does not run; null when it does. */
  fault(name: string): string | null {
    return this.#faults.get(name) ?? (this.#running.has(name) ? null : 'not started')
  }

  /** Ends all loops; resolves when what they had in hand is done. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#running.values())
  }
}
