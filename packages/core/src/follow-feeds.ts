import { backoffMs } from './backoff.ts'
import type { Clock } from './ports/clock.ts'
import type { EventFeed, FeedCursor, FeedNews, FeedPage } from './ports/event-feed.ts'
import type { CoreEvents } from './ports/events.ts'
import type { Random } from './ports/random.ts'

export interface FeedFollowerDeps {
  /** The feeds that are to be followed now: asked again every while. */
  readonly feeds: () => readonly EventFeed[]
  readonly news: { heard(feed: string, news: FeedNews): void }
  readonly standings: FeedStandings
  readonly clock: Clock
  readonly random: Random
  readonly events: Pick<CoreEvents, 'feedFailed'>
}

const lookAgainMs = 5_000
const backoff = { baseMs: 1_000, mostMs: 60_000 }
/** A node holds a question until there is news: one that does not is asked once a second. */
const idleMs = 1_000
const bytesPerMs = 4_000
const notOfferedMs = 10 * 60 * 1000

/**
 * Follows the feeds of overlay nodes until `signal` aborts: each at its own pace, going on where it was after a fault, so that a node
 * that is down costs nobody but itself.
 */
export async function runFeedFollower(deps: FeedFollowerDeps, signal: AbortSignal): Promise<void> {
  const { feeds, clock } = deps
  const running = new Map<string, { stop: AbortController; done: Promise<void> }>()
  while (!signal.aborted) {
    const wanted = new Map(feeds().map((feed) => [nameOf(feed), feed]))
    for (const [name, { stop }] of running) if (!wanted.has(name)) stop.abort()
    for (const [name, feed] of wanted) {
      if (running.has(name)) continue
      const stop = new AbortController()
      const done = follow(feed, deps, AbortSignal.any([signal, stop.signal])).finally(() => running.delete(name))
      running.set(name, { stop, done })
    }
    await clock.until(clock.nowMs() + lookAgainMs, signal)
  }
  await Promise.all([...running.values()].map(({ done }) => done))
}

async function follow(feed: EventFeed, deps: FeedFollowerDeps, signal: AbortSignal): Promise<void> {
  const { news, standings, clock, random, events } = deps
  const name = nameOf(feed)
  let cursor: FeedCursor | null = null
  let failures = 0
  const isStopped = (): boolean => signal.aborted
  while (!isStopped()) {
    let waitMs = 0
    const askedAtMs = clock.nowMs()
    try {
      const page = await feed.read(cursor, signal)
      failures = 0
      if (page.kind === 'news') {
        if (cursor === null) standings.begun(name)
        else if (!page.more) standings.heard(name)
        cursor = page.cursor
        for (const each of page.news) news.heard(name, each)
        waitMs = pauseMs(page, clock.nowMs() - askedAtMs)
      } else {
        // From now on: what came between the two logs is not known, and so nothing counts as followed that was asked before.
        standings.lost(name)
        cursor = null
        waitMs = page.kind === 'not offered' ? notOfferedMs : backoffMs(0, backoff, random.fraction())
      }
    } catch (error) {
      if (isStopped()) break
      standings.silent(name)
      waitMs = backoffMs(failures, backoff, random.fraction())
      if (failures === 0) events.feedFailed({ node: feed.node, topic: feed.topic, error })
      failures += 1
    }
    if (waitMs > 0) await clock.until(clock.nowMs() + waitMs, signal)
  }
  standings.lost(name)
}

/** A page is paid for with a pause, so that a feed without end costs no more than a part of this host's time. */
function pauseMs({ news, bytes }: FeedPage & { kind: 'news' }, tookMs: number): number {
  const isIdle = news.length === 0 && tookMs < idleMs
  return Math.max(isIdle ? idleMs - tookMs : 0, bytes / bytesPerMs)
}

interface Standing {
  readonly sinceMs: number
  isSilent: boolean
}

/** Which feeds are followed, and since when without a gap. */
export class FeedStandings {
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #required: () => readonly string[]
  readonly #standings = new Map<string, Standing>()

  /** `required`: names of the feeds ("node topic") without which nothing counts as followed. */
  constructor(clock: Pick<Clock, 'nowMs'>, required: () => readonly string[]) {
    this.#clock = clock
    this.#required = required
  }

  /** Since when every required feed tells all that happens; null while one of them does not, or when there is none. */
  followedSinceMs(): number | null {
    let sinceMs: number | null = null
    for (const name of this.#required()) {
      const standing = this.#standings.get(name)
      if (standing === undefined || standing.isSilent) return null
      sinceMs = Math.max(sinceMs ?? 0, standing.sinceMs)
    }
    return sinceMs
  }

  /** How many feeds are followed now. */
  get followed(): number {
    return [...this.#standings.values()].filter(({ isSilent }) => !isSilent).length
  }

  begun(name: string): void {
    this.#standings.set(name, { sinceMs: this.#clock.nowMs(), isSilent: false })
  }

  heard(name: string): void {
    const standing = this.#standings.get(name)
    if (standing !== undefined) standing.isSilent = false
  }

  silent(name: string): void {
    const standing = this.#standings.get(name)
    if (standing !== undefined) standing.isSilent = true
  }

  lost(name: string): void {
    this.#standings.delete(name)
  }
}

export function nameOf({ node, topic }: Pick<EventFeed, 'node' | 'topic'>): string {
  return `${node} ${topic}`
}
