import {
  compileBoxPattern,
  type BoxName,
  type BoxPattern,
  type IdentityKey,
  type RoutingAuthorization,
} from '@overpost/protocol'
import { BoundedMap } from './bounded-map.ts'
import type { AuthorizationStore } from './ports/authorization-store.ts'
import type { Clock } from './ports/clock.ts'

const mostPatterns = 1_000

/** Whether this host is a home of a user's box: the user authorised it, the dates hold, and the box pattern matches. */
export class Homes {
  readonly #authorizations: Pick<AuthorizationStore, 'find'>
  readonly #clock: Clock
  readonly #patterns = new BoundedMap<string, BoxPattern | null>(mostPatterns)

  constructor(authorizations: Pick<AuthorizationStore, 'find'>, clock: Clock) {
    this.#authorizations = authorizations
    this.#clock = clock
  }

  async has(user: IdentityKey, box: BoxName): Promise<boolean> {
    const found = await this.#authorizations.find(user)
    if (found === null || found.revokedAtMs !== null) return false
    const { pattern } = found.authorization
    return isInForce(found.authorization, this.#clock.nowMs()) && (pattern === null || this.#matches(pattern, box))
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
