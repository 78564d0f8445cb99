import {
  compileBoxPattern,
  type BoxName,
  type BoxPattern,
  type IdentityKey,
  type RoutingAuthorization,
} from '@overpost/protocol'
import { BoundedMap } from './bounded-map.ts'
import type { AuthorizationStore, StoredAuthorization } from './ports/authorization-store.ts'
import type { Clock } from './ports/clock.ts'

const mostPatterns = 1_000

/**
 * Whether this host is a home of a user's box: the user authorised it, the dates hold, and the box pattern matches; or an anointing of
 * theirs names it.
 */
export class Homes {
  readonly #authorizations: Pick<AuthorizationStore, 'find'>
  readonly #clock: Clock
  readonly #isAnointed: (user: IdentityKey) => boolean
  readonly #patterns = new BoundedMap<string, BoxPattern | null>(mostPatterns)

  /** `isAnointed`: whether an anointing makes a user local, as far as it is known; left out: none does. */
  constructor(
    authorizations: Pick<AuthorizationStore, 'find'>,
    clock: Clock,
    isAnointed: (user: IdentityKey) => boolean = () => false,
  ) {
    this.#authorizations = authorizations
    this.#clock = clock
    this.#isAnointed = isAnointed
  }

  async has(user: IdentityKey, box: BoxName): Promise<boolean> {
    const found = await this.#authorizations.find(user)
    return (found !== null && this.#allows(found, box)) || this.#isAnointed(user)
  }

  #allows({ authorization, revokedAtMs }: StoredAuthorization, box: BoxName): boolean {
    const { pattern } = authorization
    if (revokedAtMs !== null || !isInForce(authorization, this.#clock.nowMs())) return false
    return pattern === null || this.#matches(pattern, box)
  }

  #matches(text: string, box: BoxName): boolean {
    let pattern = this.#patterns.get(text)
    if (pattern === undefined) {
      pattern = compileBoxPattern(text)
      this.#patterns.set(text, pattern)
    }
    return pattern?.test(box) ?? false
  }
}

/** Whether an authorization's dates hold at `nowMs`. Undated ones hold until revoked. */
export function isInForce(authorization: Pick<RoutingAuthorization, 'dates'>, nowMs: number): boolean {
  return authorization.dates === null || nowMs < authorization.dates.expiresAtMs
}
