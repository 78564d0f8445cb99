import type { Alarm, AuthorizationStore, Clock } from '@overpost/core'
import {
  parseAuthorizeRouting,
  RelayError,
  requireAuthorization,
  type HostOrigin,
  type IdentityKey,
  type SignatureVerifier,
} from '@overpost/protocol'
import type { Middleware } from 'koa'
import { parseBody } from '../../http/parse-body.ts'
import type { PeerState } from '@overpost/auth'

export interface AuthorizeRoutingDeps {
  readonly authorizations: Pick<AuthorizationStore, 'find' | 'put'>
  /** Rung when there is something to advertise. */
  readonly advertiserAlarm: Pick<Alarm, 'ring'>
  readonly verifier: SignatureVerifier
  readonly clock: Pick<Clock, 'nowMs'>
  readonly self: { readonly hostKey: IdentityKey; readonly origin: HostOrigin }
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
  const { authorizations, advertiserAlarm, verifier, clock, self, open, allowHttp } = deps
  return async (ctx) => {
    const userKey = ctx.state.peer.identityKey
    const authorization = parseAuthorizeRouting(parseBody(ctx.state.rawBody), { userKey, hostKey: self.hostKey })
    const nowMs = clock.nowMs()
    requireAuthorization(authorization, { ...self, nowMs, verifier, allowHttp })
    if (!open && !(await isHosted(authorizations, userKey))) throw new RelayError('ERR_CLOSED')
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

async function isHosted(authorizations: Pick<AuthorizationStore, 'find'>, userKey: IdentityKey): Promise<boolean> {
  const found = await authorizations.find(userKey)
  return found !== null && found.revokedAtMs === null
}
