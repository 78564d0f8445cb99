import type { Alarm, AuthorizationStore, Clock, HandoverStore } from '@overpost/core'
import {
  parseMove,
  parseRevokeRouting,
  RelayError,
  requireHandover,
  type IdentityKey,
  type MoveAnswer,
  type SignatureVerifier,
  type SignedHandover,
} from '@overpost/protocol'
import type { Middleware } from 'koa'
import { parseBody } from '../../http/parse-body.ts'
import type { PeerState } from '@overpost/auth'

const dayMs = 86_400_000

export interface RevokeRoutingDeps {
  readonly authorizations: Pick<AuthorizationStore, 'revoke'>
  readonly handovers: Pick<HandoverStore, 'begin' | 'find' | 'waiting'>
  readonly advertiserAlarm: Pick<Alarm, 'ring'>
  readonly handoverAlarm: Pick<Alarm, 'ring'>
  readonly verifier: SignatureVerifier
  readonly memoryDays: number
  readonly clock: Pick<Clock, 'nowMs'>
  readonly self: { readonly hostKey: IdentityKey }
}

/**
 * `POST /revokeRouting` (ours): the caller takes the authorization back. From the answer on this host refuses their mail; the
 * advert is spent after it. With `from` and `to`, what waits here goes to another host too; the same call again says how far that is.
 * Errors: docs/specs/routing-authorization.md, docs/specs/handover.md.
 */
export function revokeRouting(deps: RevokeRoutingDeps): Middleware<PeerState> {
  const { authorizations, advertiserAlarm, clock, self } = deps
  return async (ctx) => {
    const json = parseBody(ctx.state.rawBody)
    const move = parseMove(json, ctx.state.peer.identityKey)
    if (move !== null) {
      ctx.body = await beginMove(move, deps)
      return
    }
    parseRevokeRouting(json, self)
    const wasHosted = await authorizations.revoke(ctx.state.peer.identityKey, clock.nowMs())
    if (!wasHosted) throw new RelayError('ERR_NOT_AUTHORIZED')
    advertiserAlarm.ring()
    ctx.body = { status: 'success' }
  }
}

async function beginMove(move: SignedHandover, deps: RevokeRoutingDeps): Promise<MoveAnswer> {
  const { handovers, advertiserAlarm, handoverAlarm, clock, verifier, self, memoryDays } = deps
  const nowMs = clock.nowMs()
  if (move.from !== self.hostKey) throw new RelayError('ERR_NOT_AUTHORIZED')
  requireHandover(move, { nowMs, memoryMs: memoryDays * dayMs, verifier })
  if (!(await handovers.begin(move, nowMs))) throw new RelayError('ERR_NOT_AUTHORIZED')
  advertiserAlarm.ring()
  const state = await handovers.find(move.userKey)
  const isDone = state?.isDone ?? true
  if (!isDone) handoverAlarm.ring()
  return { status: 'success', waiting: await handovers.waiting(move.userKey), done: isDone }
}
