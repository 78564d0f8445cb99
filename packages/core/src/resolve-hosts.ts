import {
  compileBoxPattern,
  maxRoutes,
  originForRouting,
  selectRoutes,
  verifyPhipToken,
  verifyWithdrawalToken,
  type BoxName,
  type BoxPattern,
  type IdentityKey,
  type PhipToken,
  type SignatureVerifier,
  type Withdrawal,
} from '@overpost/protocol'
import { BoundedMap } from './bounded-map.ts'
import type { Destination } from './message.ts'
import type { Clock } from './ports/clock.ts'
import type { DirectoryEntry, HostDirectory } from './ports/host-directory.ts'

/** A home of a user elsewhere, from a token that we verified ourselves. */
export interface Route {
  readonly destination: Destination
  /** Null: every box. */
  readonly pattern: BoxPattern | null
}

/** `failed` is never the same as `routes: []`: nobody could be asked. */
export type Resolution =
  { readonly kind: 'routes'; readonly routes: readonly Route[] } | { readonly kind: 'failed'; readonly reason: string }

export interface ResolverOptions {
  /** How long verified routes are used without asking again. */
  readonly positiveMs: number
  /** How long the answer "none" is believed. */
  readonly negativeMs: number
  /** http:// origins count, for development only. */
  readonly allowHttp: boolean
}

export interface ResolverDeps {
  readonly directory: HostDirectory
  readonly verifier: SignatureVerifier
  readonly clock: Clock
  /** Tokens of our own are no route to another host. */
  readonly ownKey: IdentityKey
}

interface CachedRoutes {
  readonly routes: readonly Route[]
  readonly freshUntilMs: number
}

const mostUsers = 100_000
/** Tokens looked at per answer: what lies beyond is ignored, so that a flood costs bounded work. */
const mostEntries = 256

/** Finds the hosts of a user: the cache of verified routes, then the overlay, once for all who ask at the same time. */
export class Resolver {
  readonly #deps: ResolverDeps
  readonly #options: ResolverOptions
  readonly #cache = new BoundedMap<IdentityKey, CachedRoutes>(mostUsers)
  readonly #flights = new Map<IdentityKey, Promise<Resolution>>()

  constructor(deps: ResolverDeps, options: ResolverOptions) {
    this.#deps = deps
    this.#options = options
  }

  /** Routes to `user`'s `box` that are verified and fresh; null when the overlay must be asked first. No I/O. */
  cached(user: IdentityKey, box: BoxName): readonly Destination[] | null {
    const entry = this.#cache.get(user)
    if (entry === undefined || entry.freshUntilMs <= this.#deps.clock.nowMs()) return null
    return destinationsFor(entry.routes, box)
  }

  /** Fresh routes of `user`, from the cache or the overlay. Never rejects; aborting is `failed`. */
  resolve(user: IdentityKey, signal: AbortSignal): Promise<Resolution> {
    const entry = this.#cache.get(user)
    if (entry !== undefined && entry.freshUntilMs > this.#deps.clock.nowMs()) {
      return Promise.resolve({ kind: 'routes', routes: entry.routes })
    }
    let flight = this.#flights.get(user)
    if (flight === undefined) {
      flight = this.#ask(user, signal).finally(() => this.#flights.delete(user))
      this.#flights.set(user, flight)
    }
    return flight
  }

  /** Forgets what is known of a user's routes, as a host said that it is not one. */
  drop(user: IdentityKey): void {
    this.#cache.delete(user)
  }

  async #ask(user: IdentityKey, signal: AbortSignal): Promise<Resolution> {
    const { directory, clock } = this.#deps
    const answer = await directory.find(user, signal)
    if (answer.kind === 'failed') return answer
    const routes = this.#verifiedRoutes(user, answer.entries)
    const lifetimeMs = routes.length > 0 ? this.#options.positiveMs : this.#options.negativeMs
    this.#cache.set(user, { routes, freshUntilMs: clock.nowMs() + lifetimeMs })
    return { kind: 'routes', routes }
  }

  /** What is left of an answer when nothing in it is believed (BRC-34: routers repeat every check of the topic manager). */
  #verifiedRoutes(user: IdentityKey, entries: readonly DirectoryEntry[]): Route[] {
    const { verifier, clock, ownKey } = this.#deps
    const { allowHttp } = this.#options
    const candidates: (PhipToken & { spent: boolean })[] = []
    const withdrawals: Withdrawal[] = []
    for (const { script, spent } of entries.slice(0, mostEntries)) {
      const advert = verifyPhipToken(script, { verifier, allowHttp })
      if ('token' in advert && advert.token.userKey === user) candidates.push({ ...advert.token, spent })
      if ('token' in advert) continue
      // Spent or not: whoever published it cannot take back what the user signed.
      const withdrawal = verifyWithdrawalToken(script, { verifier })
      if ('token' in withdrawal && withdrawal.token.userKey === user) withdrawals.push(withdrawal.token)
    }
    return selectRoutes(candidates, { nowMs: clock.nowMs(), most: mostEntries, withdrawals })
      .filter((token) => token.hostKey !== ownKey)
      .flatMap((token): Route[] => {
        const origin = originForRouting(token.origin, { allowHttp })
        const pattern = token.pattern === null ? null : compileBoxPattern(token.pattern)
        if (origin === null || (pattern === null && token.pattern !== null)) return []
        return [{ destination: { hostKey: token.hostKey, origin }, pattern }]
      })
  }
}

/** The destinations of the routes that cover a box, the newest first. */
export function destinationsFor(routes: readonly Route[], box: BoxName): Destination[] {
  return routes
    .filter(({ pattern }) => pattern?.test(box) ?? true)
    .map(({ destination }) => destination)
    .slice(0, maxRoutes)
}
