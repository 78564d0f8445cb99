import type { BoxPattern, HostOrigin, IdentityKey, Outpoint } from '@overpost/protocol'
import type { Destination } from './message.ts'
import type { Clock } from './ports/clock.ts'

/** A home of a user elsewhere, from a token that we verified ourselves. */
export interface Route {
  readonly destination: Destination
  /** Null: every box. */
  readonly pattern: BoxPattern | null
}

/** What one question told of a user. */
export interface KnownRoutes {
  readonly routes: readonly Route[]
  /** An anointing makes the user local. */
  readonly isHere: boolean
  /** When the first of the routes runs out; Infinity when none does. */
  readonly untilMs: number
  /** All tokens that were shown of the user, spent ones too. */
  readonly outpoints: readonly Outpoint[]
  /** When the question was asked. */
  readonly askedAtMs: number
}

export interface RouteCacheOptions {
  /** How long verified routes are used without asking again. */
  readonly positiveMs: number
  /** The same while news of every token comes in by itself; left out: no longer. */
  readonly followedMs?: number
  /** How long the answer "none" is believed. */
  readonly negativeMs: number
}

export interface RouteCacheDeps {
  readonly clock: Pick<Clock, 'nowMs'>
  readonly followedSinceMs: () => number | null
}

const mostUsers = 100_000

/** The routes of users, and whose token an output is. The users asked for longest ago are forgotten beyond a bound. */
export class RouteCache {
  readonly #deps: RouteCacheDeps
  readonly #options: RouteCacheOptions
  readonly #known = new Map<IdentityKey, KnownRoutes>()
  readonly #owners = new Map<Outpoint, IdentityKey>()

  constructor(deps: RouteCacheDeps, options: RouteCacheOptions) {
    this.#deps = deps
    this.#options = options
  }

  get(user: IdentityKey): KnownRoutes | null {
    return this.#known.get(user) ?? null
  }

  /** Null when the overlay must be asked. */
  fresh(user: IdentityKey): KnownRoutes | null {
    const known = this.#known.get(user)
    if (known === undefined) return null
    const nowMs = this.#deps.clock.nowMs()
    // An answer from the future is one from before the clock was set back: how old it is, nobody can tell.
    return known.askedAtMs <= nowMs && nowMs < this.#freshUntilMs(known) ? known : null
  }

  ownerOf(outpoint: Outpoint): IdentityKey | null {
    return this.#owners.get(outpoint) ?? null
  }

  usersAt(origin: HostOrigin): IdentityKey[] {
    const isThere = ({ routes }: KnownRoutes) => routes.some(({ destination }) => destination.origin === origin)
    return [...this.#known].filter(([, known]) => isThere(known)).map(([user]) => user)
  }

  set(user: IdentityKey, known: KnownRoutes): void {
    this.delete(user)
    this.#known.set(user, known)
    for (const outpoint of known.outpoints) this.#owners.set(outpoint, user)
    const oldest = this.#known.keys().next()
    if (this.#known.size > mostUsers && !oldest.done) this.delete(oldest.value)
  }

  delete(user: IdentityKey): void {
    for (const outpoint of this.#known.get(user)?.outpoints ?? []) this.#owners.delete(outpoint)
    this.#known.delete(user)
  }

  #freshUntilMs({ routes, isHere, askedAtMs, untilMs }: KnownRoutes): number {
    const { positiveMs, negativeMs, followedMs = positiveMs } = this.#options
    if (routes.length === 0 && !isHere) return askedAtMs + negativeMs
    const sinceMs = this.#deps.followedSinceMs()
    // News from before the feeds were followed would have been missed.
    const isFollowed = sinceMs !== null && sinceMs <= askedAtMs
    return Math.min(untilMs, askedAtMs + (isFollowed ? Math.max(followedMs, positiveMs) : positiveMs))
  }
}
