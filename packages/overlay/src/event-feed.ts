import { RelayError } from '@overpost/protocol'
import type { EventLog, FeedEvent } from './storage/event-log.ts'

export interface FeedRequest {
  readonly topic: string
  /** `last`: whatever comes from now on. */
  readonly since: number | 'last'
  readonly limit: number
  /** The log that `since` counts in; undefined: not checked. */
  readonly log: string | undefined
  /** How long to wait when there is nothing; undefined: as long as the feed's limit. */
  readonly waitMs: number | undefined
}

export interface FeedPage {
  readonly events: readonly FeedEvent[]
  readonly next: number
  readonly log: string
}

const maxPageBytes = 8 * 1024 * 1024

/**
 * Answers the event log page by page; a caller who has everything waits for news. Waiting ends with news of any topic that is
 * asked for, after the wait, when the caller aborts, or at {@link close}.
 */
export class EventFeed {
  readonly #log: EventLog
  readonly #limits: { readonly waiters: number; readonly waitMs: number }
  readonly #wakeUps = new Set<() => void>()
  #isClosed = false

  constructor(log: EventLog, limits: { readonly waiters: number; readonly waitMs: number }) {
    this.#log = log
    this.#limits = limits
  }

  get waiting(): number {
    return this.#wakeUps.size
  }

  /** @throws {RelayError} ERR_INVALID_CURSOR for a cursor of another log, ERR_UNAVAILABLE when too many wait */
  async read(request: FeedRequest, signal: AbortSignal): Promise<FeedPage> {
    const { log } = request
    // Where the log ends is told at once, so that nothing is missed between this call and the next.
    if (request.since === 'last') return { events: [], next: this.#log.last(), log: this.#log.name }
    const since = request.since
    if (since > this.#log.last() || (log !== undefined && log !== this.#log.name)) {
      throw new RelayError('ERR_INVALID_CURSOR', 'The cursor is not of this log: start again at 0.')
    }
    const deadlineMs = performance.now() + Math.min(request.waitMs ?? Infinity, this.#limits.waitMs)
    for (;;) {
      const page = this.#page({ ...request, since })
      const leftMs = deadlineMs - performance.now()
      if (page.events.length > 0 || leftMs <= 0 || signal.aborted || this.#isClosed) return page
      if (this.#wakeUps.size >= this.#limits.waiters) throw new RelayError('ERR_UNAVAILABLE', 'Too many wait already.')
      await this.#news(leftMs, signal)
    }
  }

  /** Something was admitted or spent. */
  notify(): void {
    for (const wakeUp of [...this.#wakeUps]) wakeUp()
  }

  /** Answers all who wait; from now on nobody does. */
  close(): void {
    this.#isClosed = true
    this.notify()
  }

  #page({ topic, since, limit }: FeedRequest & { since: number }): FeedPage {
    const events = this.#log.read(topic, { since, limit, maxBytes: maxPageBytes })
    return { events, next: events.at(-1)?.n ?? since, log: this.#log.name }
  }

  #news(timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        this.#wakeUps.delete(done)
        resolve()
      }
      const timer = setTimeout(done, timeoutMs)
      signal.addEventListener('abort', done)
      this.#wakeUps.add(done)
    })
  }
}
