import { decodeMessageboxAdvert, decodePhipToken, decodeWithdrawalToken, type IdentityKey } from '@overpost/protocol'
import type { Alarm } from './alarm.ts'
import { BoundedMap } from './bounded-map.ts'
import type { Clock } from './ports/clock.ts'
import type { FeedNews } from './ports/event-feed.ts'
import type { OutboxStore } from './ports/outbox-store.ts'
import type { Resolver } from './resolve-hosts.ts'

export type { FeedNews }

export interface RouteNewsDeps {
  readonly resolver: Pick<Resolver, 'drop' | 'ownerOf' | 'remembers' | 'renew'>
  readonly outbox: Pick<OutboxStore, 'wakeRecipient'>
  readonly outboxAlarm: Pick<Alarm, 'ring'>
  readonly clock: Clock
  readonly failed: (error: unknown) => void
}

/** What one feed may cause: so many look-ups at once, and then so many a second. */
const burst = 100
const perSecond = 10
const mostFeeds = 1_000
const mostWaiting = 1_000

interface Allowance {
  left: number
  atMs: number
  /** Users whose news came when nothing was left: the last of each counts. */
  readonly waiting: Map<IdentityKey, boolean>
}

/**
 * What feeds tell about tokens, turned into fresh look-ups: of users whose routes are remembered, and of those whom mail here looks for.
 * Nothing that a feed says is believed: it makes this host ask again, at a bounded rate for each feed, and nothing more.
 */
export class RouteNews {
  readonly #deps: RouteNewsDeps
  readonly #allowances = new BoundedMap<string, Allowance>(mostFeeds)

  constructor(deps: RouteNewsDeps) {
    this.#deps = deps
  }

  /** Returns at once. */
  heard(feed: string, { kind, outpoint, script }: FeedNews): void {
    const user = this.#deps.resolver.ownerOf(outpoint) ?? (script === null ? null : userOf(script))
    if (user === null) return
    const isEnd = kind === 'spend' || kind === 'evict'
    const allowance = this.#allowanceOf(feed)
    if (allowance.left >= 1 && allowance.waiting.size === 0) {
      this.#lookAgain(user, isEnd, allowance)
    } else if (allowance.waiting.size < mostWaiting || allowance.waiting.has(user)) {
      allowance.waiting.set(user, isEnd || allowance.waiting.get(user) === true)
    }
  }

  /** Looks after what had to wait; until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    while (!signal.aborted) {
      await clock.until(clock.nowMs() + 1_000, signal)
      for (const feed of this.#allowances.keys()) this.#catchUp(this.#allowanceOf(feed))
    }
  }

  #catchUp(allowance: Allowance): void {
    for (const [user, isEnd] of allowance.waiting) {
      if (allowance.left < 1) return
      allowance.waiting.delete(user)
      this.#lookAgain(user, isEnd, allowance)
    }
  }

  /** Nothing for a user who is of no interest here. `isEnd`: what is known may be no more, and is not used until it is known again. */
  #lookAgain(user: IdentityKey, isEnd: boolean, allowance: Allowance): void {
    const { resolver, outbox, outboxAlarm, clock, failed } = this.#deps
    const isRemembered = resolver.remembers(user)
    if (isRemembered) allowance.left -= 1
    if (isRemembered && isEnd) resolver.drop(user)
    const wake = async (): Promise<void> => {
      // Whoever waits for a home is asked for anew by the outbox, and not from what was known before.
      if (isRemembered) await resolver.renew(user)
      if (!(await outbox.wakeRecipient(user, clock.nowMs()))) return
      if (!isRemembered) allowance.left -= 1
      outboxAlarm.ring()
    }
    void wake().catch(failed)
  }

  #allowanceOf(feed: string): Allowance {
    const nowMs = this.#deps.clock.nowMs()
    const known = this.#allowances.get(feed)
    if (known === undefined) {
      const made = { left: burst, atMs: nowMs, waiting: new Map<IdentityKey, boolean>() }
      this.#allowances.set(feed, made)
      return made
    }
    known.left = Math.min(burst, known.left + (Math.max(0, nowMs - known.atMs) / 1000) * perSecond)
    known.atMs = nowMs
    return known
  }
}

/** Whom a token names; no signature was checked. */
function userOf(script: Uint8Array): IdentityKey | null {
  const token = decodePhipToken(script) ?? decodeWithdrawalToken(script) ?? decodeMessageboxAdvert(script)
  return token?.userKey ?? null
}
