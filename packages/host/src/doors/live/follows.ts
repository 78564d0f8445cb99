import type { Mailbox, PagedMessage } from '@overpost/core'
import { RelayError, type BoxName, type IdentityKey } from '@overpost/protocol'

export interface FollowOptions {
  readonly most: number
  /** A follow ended by a fault of the store. */
  readonly failed: (error: unknown) => void
}

/** The boxes that one connection follows. Each is told apart by a name of the caller's: a box may be followed in two ways. */
export class Follows {
  readonly #mailbox: Pick<Mailbox, 'follow'>
  readonly #options: FollowOptions
  readonly #byName = new Map<string, AbortController>()

  constructor(mailbox: Pick<Mailbox, 'follow'>, options: FollowOptions) {
    this.#mailbox = mailbox
    this.#options = options
  }

  /** Whether that name is taken. */
  has(name: string): boolean {
    return this.#byName.has(name)
  }

  /**
   * Gives `push` every message of the box after `cursor`, one after the other. A name that is in use is followed anew.
   * @throws {RelayError} ERR_QUOTA_EXCEEDED
   */
  start(
    name: string,
    { owner, box, cursor }: { owner: IdentityKey; box: BoxName; cursor: string | null },
    push: (message: PagedMessage) => Promise<void>,
  ): void {
    this.stop(name)
    const { most } = this.#options
    if (this.#byName.size >= most) {
      throw new RelayError('ERR_QUOTA_EXCEEDED', `One connection follows at most ${most} boxes.`)
    }
    const stop = new AbortController()
    this.#byName.set(name, stop)
    void this.#run({ owner, box }, cursor, stop.signal, push)
  }

  stop(name: string): void {
    this.#byName.get(name)?.abort()
    this.#byName.delete(name)
  }

  stopAll(): void {
    for (const name of [...this.#byName.keys()]) this.stop(name)
  }

  async #run(
    address: { owner: IdentityKey; box: BoxName },
    cursor: string | null,
    signal: AbortSignal,
    push: (message: PagedMessage) => Promise<void>,
  ): Promise<void> {
    try {
      for await (const message of this.#mailbox.follow(address, cursor, signal)) {
        if (signal.aborted) return
        await push(message)
      }
    } catch (error) {
      if (!signal.aborted) this.#options.failed(error)
    }
  }
}
