import { RelayError, type IdentityKey } from '@overpost/protocol'
import type { BoxAddress } from './message.ts'
import type { MailboxStore, MessageName, PagedMessage, PageLimits, StoredMessage } from './ports/mailbox-store.ts'

export interface BoxPage {
  readonly messages: readonly PagedMessage[]
  readonly more: boolean
  /** Where the next page begins: `<incarnation>.<sequence>`. */
  readonly cursor: string
  /** True when the given cursor was of another log (a restored or copied store): this page begins at the start. */
  readonly restarted: boolean
}

const followPage = { limit: 100, maxBytes: 1_048_576, withProofs: true }

/** Reading: the one log under every door. Whoever appends calls {@link Mailbox.appended}, and followers wake. */
export class Mailbox {
  readonly #store: MailboxStore
  readonly #followers = new Map<string, Set<() => void>>()
  readonly #watchers = new Set<(address: BoxAddress) => void>()

  constructor(store: MailboxStore) {
    this.#store = store
  }

  /** A page of a box, oldest first. @throws {RelayError} ERR_INVALID_CURSOR */
  async list(
    address: BoxAddress,
    { cursor, ...limits }: Omit<PageLimits, 'after'> & { cursor: string | null },
  ): Promise<BoxPage> {
    const { after, restarted } = this.#position(cursor)
    const { messages, more } = await this.#store.list(address, { ...limits, after })
    const last = messages.at(-1)?.sequence ?? after
    return { messages, more, cursor: this.#cursor(last), restarted }
  }

  /** Where a box ends now: what is appended from here on comes after this cursor. */
  async end(address: BoxAddress): Promise<string> {
    return this.#cursor(await this.#store.lastSequence(address))
  }

  /** Where to go on after that message. */
  cursorAfter({ sequence }: Pick<StoredMessage, 'sequence'>): string {
    return this.#cursor(sequence)
  }

  /** Whether a cursor is of this log; one of another begins at the start. @throws {RelayError} ERR_INVALID_CURSOR */
  isOwn(cursor: string): boolean {
    return !this.#position(cursor).restarted
  }

  /** Removes the owner's messages by listed id. Resolves to how many there were. */
  acknowledge(owner: IdentityKey, listedIds: readonly string[]): Promise<number> {
    return this.#store.acknowledge(owner, listedIds)
  }

  /** Removes the owner's messages by (box, sender, id). Resolves to how many there were. */
  acknowledgeByName(owner: IdentityKey, names: readonly MessageName[]): Promise<number> {
    return this.#store.acknowledgeByName(owner, names)
  }

  /** What is in the box past `cursor`, then what is appended, until `signal` aborts. Nothing is left out or told twice. */
  async *follow(address: BoxAddress, cursor: string | null, signal: AbortSignal): AsyncGenerator<PagedMessage> {
    let { after } = this.#position(cursor)
    while (!signal.aborted) {
      // Asked for before the page is read, so that what is appended meanwhile is not missed.
      const news = this.#nextAppend(address, signal)
      const { messages, more } = await this.#store.list(address, { after, ...followPage })
      for (const message of messages) {
        yield message
        after = message.sequence
      }
      if (more) news.cancel()
      else await news.happened
    }
  }

  /** Tells `watcher` of whatever is appended to any box. It returns at once and does not throw. */
  watch(watcher: (address: BoxAddress) => void): Disposable {
    this.#watchers.add(watcher)
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) }
  }

  /** Wakes the followers of a box. */
  appended(address: BoxAddress): void {
    for (const watcher of this.#watchers) watcher(address)
    if (this.#followers.size === 0) return
    for (const wake of this.#followers.get(followKey(address)) ?? []) wake()
  }

  #cursor(sequence: number): string {
    return `${this.#store.incarnation}.${sequence}`
  }

  #position(cursor: string | null): { after: number; restarted: boolean } {
    if (cursor === null) return { after: 0, restarted: false }
    const dot = cursor.lastIndexOf('.')
    const sequence = Number(cursor.slice(dot + 1))
    if (dot < 1 || !Number.isSafeInteger(sequence) || sequence < 0) throw new RelayError('ERR_INVALID_CURSOR')
    if (cursor.slice(0, dot) !== this.#store.incarnation) return { after: 0, restarted: true }
    return { after: sequence, restarted: false }
  }

  #nextAppend(address: BoxAddress, signal: AbortSignal): { happened: Promise<void>; cancel: () => void } {
    const key = followKey(address)
    const wakers = this.#followers.get(key) ?? new Set()
    this.#followers.set(key, wakers)
    let cancel = (): void => undefined
    const happened = new Promise<void>((resolve) => {
      cancel = () => {
        wakers.delete(cancel)
        if (wakers.size === 0 && this.#followers.get(key) === wakers) this.#followers.delete(key)
        signal.removeEventListener('abort', cancel)
        resolve()
      }
    })
    wakers.add(cancel)
    signal.addEventListener('abort', cancel)
    return { happened, cancel }
  }
}

function followKey({ owner, box }: BoxAddress): string {
  return `${owner}\n${box}`
}
