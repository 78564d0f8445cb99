import {
  compileBoxPattern,
  maxRoutes,
  originForRouting,
  selectRoutes,
  type BoxName,
  type HostOrigin,
  type IdentityKey,
  type Outpoint,
  type SignatureVerifier,
} from '@overpost/protocol'
import { standingAnointings, TokenJudge, type JudgedTokens } from './judge-tokens.ts'
import type { Destination } from './message.ts'
import type { Clock } from './ports/clock.ts'
import type { HostDirectory } from './ports/host-directory.ts'
import type { HostKeys } from './ports/host-keys.ts'
import { RouteCache, type KnownRoutes, type Route, type RouteCacheOptions } from './route-cache.ts'

/** `failed` is never the same as `routes: []`: nobody could be asked. */
export type Resolution =
  { readonly kind: 'routes'; readonly routes: readonly Route[] } | { readonly kind: 'failed'; readonly reason: string }

export interface ResolverOptions extends RouteCacheOptions {
  /** http:// origins count, for development only. */
  readonly allowHttp: boolean
}

export interface ResolverDeps {
  readonly directory: HostDirectory
  readonly verifier: SignatureVerifier
  readonly clock: Clock
  /** Tokens of our own are no route to another host. */
  readonly ownKey: IdentityKey
  /** An anointing of this origin makes its user local; left out: none does. */
  readonly ownOrigin?: HostOrigin
  /** For anointings of other hosts; left out: they are no routes. */
  readonly hostKeys?: HostKeys
  /** Since when all news of tokens comes in by itself, without a gap; null: it does not. Left out: never. */
  readonly followedSinceMs?: () => number | null
}

const never = new AbortController().signal
/** Look-ups at once that nobody waits for. */
const mostUnasked = 32

/** Finds the hosts of a user: the cache of verified routes, then the overlay, once for all who ask at the same time. */
export class Resolver {
  readonly #deps: ResolverDeps
  readonly #allowHttp: boolean
  readonly #cache: RouteCache
  readonly #flights = new Map<IdentityKey, Promise<Resolution>>()
  #unasked = 0

  constructor(deps: ResolverDeps, options: ResolverOptions) {
    this.#deps = deps
    this.#allowHttp = options.allowHttp
    this.#cache = new RouteCache({ clock: deps.clock, followedSinceMs: deps.followedSinceMs ?? (() => null) }, options)
  }

  /** Nobody can be asked: what others know of a user never comes here. */
  get isBlind(): boolean {
    return this.#deps.directory.isBlind ?? false
  }

  /** Routes to `user`'s `box` that are verified and fresh; null when the overlay must be asked first. No I/O. */
  cached(user: IdentityKey, box: BoxName): readonly Destination[] | null {
    const entry = this.#cache.fresh(user)
    return entry === null ? null : destinationsFor(entry.routes, box)
  }

  /**
   * Whether an anointing makes `user` local, as it is known. No I/O here; what is not known, or not fresh, is looked up behind the
   * answer, for the next who asks.
   */
  isAnointedHere(user: IdentityKey): boolean {
    const isKnown = this.#cache.fresh(user) !== null || this.#flights.has(user)
    if (!isKnown && this.#unasked < mostUnasked) void this.renew(user)
    return this.#cache.get(user)?.isHere ?? false
  }

  /** Fresh routes of `user`, from the cache or the overlay. Never rejects; aborting is `failed`. */
  resolve(user: IdentityKey, signal: AbortSignal): Promise<Resolution> {
    const entry = this.#cache.fresh(user)
    if (entry !== null) return Promise.resolve({ kind: 'routes', routes: entry.routes })
    return this.#flights.get(user) ?? this.#fly(user, signal)
  }

  /** Asks the overlay, although what is known may be fresh, which is used until then. Never rejects. */
  async renew(user: IdentityKey): Promise<void> {
    this.#unasked += 1
    await this.#fly(user, never)
    this.#unasked -= 1
  }

  /** Forgets what is known of a user's routes; a question under way counts for those who wait for it, and no longer. */
  drop(user: IdentityKey): void {
    this.#flights.delete(user)
    this.#cache.delete(user)
  }

  /** The same of all whose routes lead to that origin: its host has another key. */
  dropOrigin(origin: HostOrigin): void {
    for (const user of this.#cache.usersAt(origin)) this.drop(user)
  }

  /** Whether anything is remembered of `user`, fresh or not. */
  remembers(user: IdentityKey): boolean {
    return this.#cache.get(user) !== null || this.#flights.has(user)
  }

  /** Whose token an output is, of those whose routes are remembered. */
  ownerOf(outpoint: Outpoint): IdentityKey | null {
    return this.#cache.ownerOf(outpoint)
  }

  #fly(user: IdentityKey, signal: AbortSignal): Promise<Resolution> {
    const askedAtMs = this.#deps.clock.nowMs()
    const flight: Promise<Resolution> = this.#ask(user, signal).then((found) => {
      // Dropped or asked anew meanwhile: the answer may be older than the reason for that.
      const isLatest = this.#flights.get(user) === flight
      if (isLatest) this.#flights.delete(user)
      if (found.kind === 'failed') return found
      if (isLatest) this.#cache.set(user, { ...found.known, askedAtMs })
      return { kind: 'routes', routes: found.known.routes }
    })
    this.#flights.set(user, flight)
    return flight
  }

  async #ask(
    user: IdentityKey,
    signal: AbortSignal,
  ): Promise<(Resolution & { kind: 'failed' }) | { kind: 'found'; known: Omit<KnownRoutes, 'askedAtMs'> }> {
    const judge = new TokenJudge(user, { verifier: this.#deps.verifier, allowHttp: this.#allowHttp })
    const answer = await this.#deps.directory.find(user, () => judge.sieve(), signal)
    if (answer.kind === 'failed') return answer
    const tokens = judge.judge(answer.entries)
    const { routes, untilMs } = this.#advertised(tokens)
    const { isHere, anointed } = await this.#anointed(tokens, routes)
    const outpoints = answer.entries.map(({ outpoint }) => outpoint)
    return { kind: 'found', known: { routes: [...routes, ...anointed], isHere, untilMs, outpoints } }
  }

  /** What is left of the adverts when nothing is believed (BRC-34: routers repeat every check of the topic manager). */
  #advertised({ adverts, withdrawals }: JudgedTokens): { routes: Route[]; untilMs: number } {
    const { clock, ownKey } = this.#deps
    const allowHttp = this.#allowHttp
    const selected = selectRoutes(adverts, { nowMs: clock.nowMs(), most: adverts.length, withdrawals })
    const routes = selected
      .filter((token) => token.hostKey !== ownKey)
      .flatMap((token): Route[] => {
        const origin = originForRouting(token.origin, { allowHttp })
        const pattern = token.pattern === null ? null : compileBoxPattern(token.pattern)
        if (origin === null || (pattern === null && token.pattern !== null)) return []
        return [{ destination: { hostKey: token.hostKey, origin }, pattern }]
      })
    return { routes, untilMs: Math.min(...selected.map(({ dates }) => dates?.expiresAtMs ?? Infinity)) }
  }

  /** The hosts that the user anointed, but for those that are routes already: an advert says more. */
  async #anointed(tokens: JudgedTokens, routes: readonly Route[]): Promise<{ isHere: boolean; anointed: Route[] }> {
    const { ownOrigin, hostKeys, ownKey } = this.#deps
    const known = new Set<HostOrigin>(routes.map(({ destination }) => destination.origin))
    const origins = standingAnointings(tokens.anointings).flatMap(({ origin }) => (origin === null ? [] : [origin]))
    const others = origins.filter((origin) => origin !== ownOrigin && !known.has(origin)).slice(0, maxRoutes)
    const found = await Promise.all(
      others.map(async (origin): Promise<Route[]> => {
        const hostKey = (await hostKeys?.keyOf(origin)) ?? null
        return hostKey === null || hostKey === ownKey ? [] : [{ destination: { hostKey, origin }, pattern: null }]
      }),
    )
    return { isHere: ownOrigin !== undefined && origins.includes(ownOrigin), anointed: found.flat() }
  }
}

/** The destinations of the routes that cover a box, the newest first. */
export function destinationsFor(routes: readonly Route[], box: BoxName): Destination[] {
  return routes
    .filter(({ pattern }) => pattern?.test(box) ?? true)
    .map(({ destination }) => destination)
    .slice(0, maxRoutes)
}
