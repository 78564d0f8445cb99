import type { Alarm, AuthorizationStore, Clock } from '@overpost/core'
import {
  authorizationText,
  parseAuthorizeRouting,
  RelayError,
  requireAuthorization,
  type HostOrigin,
  type IdentityKey,
  type RoutingAuthorization,
  type SignatureVerifier,
} from '@overpost/protocol'
import type { Middleware } from 'koa'
import { parseBody } from '../../http/parse-body.ts'
import type { PeerState } from '@overpost/auth'
import type { AuthorizationQuotas } from './authorization-quotas.ts'

export interface AuthorizeRoutingDeps {
  readonly authorizations: Pick<AuthorizationStore, 'find' | 'put'>
  /** Rung when there is something to advertise. */
  readonly advertiserAlarm: Pick<Alarm, 'ring'>
  readonly verifier: SignatureVerifier
  readonly clock: Pick<Clock, 'nowMs'>
  readonly self: { readonly hostKey: IdentityKey; readonly origin: HostOrigin }
  readonly quotas: Pick<AuthorizationQuotas, 'takeNew' | 'takeChange'>
  /** Whether identities that are not hosted here yet are taken. */
  readonly open: boolean
  readonly allowHttp: boolean
}

/**
 * `POST /authorizeRouting` (BRC-34): the caller allows this host to take their messages, and to say so on chain, which
 * follows the answer. The same authorization again is a success. Errors: docs/specs/routing-authorization.md; one that is not
 * later than what stands here, or than a revocation, is refused, since it would change nothing.
 */
export function authorizeRouting(deps: AuthorizeRoutingDeps): Middleware<PeerState> {
  const { authorizations, advertiserAlarm, verifier, clock, self, open, allowHttp, quotas } = deps
  return async (ctx) => {
    const userKey = ctx.state.peer.identityKey
    const authorization = parseAuthorizeRouting(parseBody(ctx.state.rawBody), { userKey, hostKey: self.hostKey })
    const nowMs = clock.nowMs()
    requireAuthorization(authorization, { ...self, nowMs, verifier, allowHttp })
    const found = await authorizations.find(userKey)
    const isHosted = found !== null && found.revokedAtMs === null
    if (!open && !isHosted) throw new RelayError('ERR_CLOSED')
    // The same again costs nothing.
    if (found === null) quotas.takeNew(ctx.ip)
    else if (!isSameTerms(found.authorization, authorization)) quotas.takeChange(userKey)
    const outcome = await authorizations.put(authorization, nowMs)
    if (outcome === 'older') {
      throw new RelayError(
        'ERR_INVALID_AUTHORIZATION',
        'A later one, or a revocation of this one, came before: sign anew.',
      )
    }
    if (outcome === 'stored') advertiserAlarm.ring()
    ctx.body = { status: 'success' }
  }
}

function isSameTerms(a: RoutingAuthorization, b: RoutingAuthorization): boolean {
  return authorizationText(a) === authorizationText(b)
}
