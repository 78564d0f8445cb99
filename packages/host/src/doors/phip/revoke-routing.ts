import type { Alarm, AuthorizationStore, Clock } from '@overpost/core'
import { parseRevokeRouting, RelayError, type IdentityKey } from '@overpost/protocol'
import type { Middleware } from 'koa'
import { parseBody } from '../../http/parse-body.ts'
import type { PeerState } from '@overpost/auth'

export interface RevokeRoutingDeps {
  readonly authorizations: Pick<AuthorizationStore, 'revoke'>
  readonly advertiserAlarm: Pick<Alarm, 'ring'>
  readonly clock: Pick<Clock, 'nowMs'>
  readonly self: { readonly hostKey: IdentityKey }
}

/**
 * `POST /revokeRouting` (ours): the caller takes the authorization back. From the answer on this host refuses their mail; the
 * advert is spent after it. Errors: docs/specs/routing-authorization.md.
 */
export function revokeRouting({
  authorizations,
  advertiserAlarm,
  clock,
  self,
}: RevokeRoutingDeps): Middleware<PeerState> {
  return async (ctx) => {
    parseRevokeRouting(parseBody(ctx.state.rawBody), self)
    const wasHosted = await authorizations.revoke(ctx.state.peer.identityKey, clock.nowMs())
    if (!wasHosted) throw new RelayError('ERR_NOT_AUTHORIZED')
    advertiserAlarm.ring()
    ctx.body = { status: 'success' }
  }
}
