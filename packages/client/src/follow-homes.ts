import type { HostOrigin } from '@overpost/protocol'
import type { FollowedMessage, FollowOptions } from './follow.ts'
import type { MessageBoxClient } from './message-box-client.ts'

export interface FollowHomesOptions extends Omit<FollowOptions, 'cursor'> {
  /** Go on after these, by host, from an earlier message. */
  readonly cursors?: Readonly<Record<string, string>>
  /** Told of a home that is followed no more, as it refuses for good; the others go on. */
  readonly homeFailed?: (failed: { readonly host: HostOrigin; readonly error: unknown }) => void
}

export interface FollowedHomesMessage extends Omit<FollowedMessage, 'cursor'> {
  /** The home that showed it first. */
  readonly host: HostOrigin
  /** Where to go on after it, at each home that has shown anything. */
  readonly cursors: Readonly<Record<string, string>>
}

interface Shown {
  readonly host: HostOrigin
  readonly message: FollowedMessage
  /** Asks that home for its next: one of each is at hand. */
  readonly taken: () => void
}

/** Messages that some home has not shown yet; a home that lost its copy never does. */
const mostRemembered = 100_000

/**
 * The messages of a box at several homes as they come, each once, from whichever home shows it first. Of one home they come in
 * its order. Ends when the signal aborts.
 * @throws what the first home to fail said, once all have failed
 */
export async function* followHomes(
  homes: readonly Pick<MessageBoxClient, 'host' | 'follow'>[],
  { cursors: given = {}, homeFailed, signal, ...options }: FollowHomesOptions,
): AsyncGenerator<FollowedHomesMessage, void, void> {
  const over = new AbortController()
  const ended = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal])
  const cursors: Record<string, string> = { ...given }
  const waiting: Shown[] = []
  const failures: unknown[] = []
  let open = homes.length
  let wake = (): void => undefined

  async function pump({ host, follow }: { host: HostOrigin; follow: AsyncGenerator<FollowedMessage> }): Promise<void> {
    try {
      for await (const message of follow) {
        await new Promise<void>((taken) => {
          waiting.push({ host, message, taken })
          wake()
        })
        if (ended.aborted) return
      }
    } catch (error) {
      failures.push(error)
      if (!ended.aborted) homeFailed?.({ host, error })
    } finally {
      open -= 1
      wake()
    }
  }
  const pumps = homes.map((home) => {
    const cursor = given[home.host]
    const request = { ...options, signal: ended, ...(cursor === undefined ? {} : { cursor }) }
    return pump({ host: home.host, follow: home.follow(request) })
  })
  const seen = new SeenAtHomes(homes.length)
  try {
    for (;;) {
      const shown = waiting.shift()
      if (shown === undefined) {
        if (open === 0) break
        await new Promise<void>((resolve) => (wake = resolve))
        continue
      }
      const { host, message, taken } = shown
      const { cursor, ...rest } = message
      if (cursor !== null) cursors[host] = cursor
      taken()
      if (seen.isNew(host, message)) yield { ...rest, host, cursors: { ...cursors } }
    }
  } finally {
    over.abort()
    for (const { taken } of waiting.splice(0)) taken()
    await Promise.all(pumps)
  }
  if (signal?.aborted !== true && failures.length > 0) throw failures[0]
}

/** Which homes have shown a message. */
class SeenAtHomes {
  readonly #homes: number
  readonly #hosts = new Map<string, Set<HostOrigin>>()

  constructor(homes: number) {
    this.#homes = homes
  }

  /** A home shows each of its messages once: what it shows again is another, by an id that was free again. */
  isNew(host: HostOrigin, { box, sender, messageId }: FollowedMessage): boolean {
    const key = JSON.stringify([box, sender, messageId])
    const hosts = this.#hosts.get(key)
    const isNew = hosts === undefined || hosts.has(host)
    const now = isNew ? new Set([host]) : hosts.add(host)
    this.#hosts.delete(key)
    if (now.size < this.#homes) this.#hosts.set(key, now)
    for (const oldest of this.#hosts.keys()) {
      if (this.#hosts.size <= mostRemembered) break
      this.#hosts.delete(oldest)
    }
    return isNew
  }
}
