import type { PeerState } from '@overpost/auth'
import type { Clock, Router } from '@overpost/core'
import {
  parseHandoverMessages,
  RelayError,
  requireHandover,
  type IdentityKey,
  type PropagatedMessage,
  type SignatureVerifier,
} from '@overpost/protocol'
import type { Middleware } from 'koa'
import type { CallerLimits } from '../../http/caller-limits.ts'
import { parseBody } from '../../http/parse-body.ts'
import { refusal, toResult } from './propagate-messages.ts'

export interface HandoverMessagesDeps {
  readonly callerLimits: Pick<CallerLimits, 'countMessages'>
  readonly router: Pick<Router, 'takeOver'>
  readonly verifier: SignatureVerifier
  readonly clock: Pick<Clock, 'nowMs'>
  readonly memoryDays: number
  readonly limits: { readonly batchMessages: number }
  readonly self: { readonly hostKey: IdentityKey }
}

const dayMs = 86_400_000

/**
 * `POST /handoverMessages` (docs/specs/handover.md): what waited for a user at the host that they left for this one, a result for each
 * in order, durable when they are answered. Only the host that the user's own signature names may call.
 */
export function handoverMessages(deps: HandoverMessagesDeps): Middleware<PeerState> {
  const { router, verifier, clock, memoryDays, limits, self, callerLimits } = deps
  return async (ctx) => {
    const { rawBody, peer } = ctx.state
    const parties = { from: peer.identityKey, to: self.hostKey }
    const { handover, items } = parseHandoverMessages(parseBody(rawBody), parties)
    if (items.length > limits.batchMessages) throw new RelayError('ERR_BODY_TOO_LARGE')
    callerLimits.countMessages(ctx, items.length)
    requireHandover(handover, { nowMs: clock.nowMs(), memoryMs: memoryDays * dayMs, verifier })
    const whole = items.filter((item): item is PropagatedMessage => !(item instanceof RelayError))
    const taken = whole.length === 0 ? [] : await router.takeOver(peer.identityKey, handover.userKey, whole)
    // Receipts are for those who sent: the host that hands over was home itself, and signed for what it took.
    const received = taken.map((one) => (one.kind === 'stored' ? { ...one, custody: null } : one))
    let next = 0
    const results = items.map((item) =>
      item instanceof RelayError ? refusal(item.code, item.message) : toResult(received[next++]),
    )
    ctx.body = { status: 'success', results }
  }
}
