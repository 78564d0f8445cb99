import type { PeerState } from '@overpost/auth'
import type { Alarm, AuthorizationStore, Clock, WithdrawalStore } from '@overpost/core'
import {
  parsePublishWithdrawal,
  RelayError,
  requireWithdrawal,
  type PublishWithdrawalAnswer,
  type SignatureVerifier,
} from '@overpost/protocol'
import type { Middleware } from 'koa'
import { parseBody } from '../../http/parse-body.ts'
import type { AuthorizationQuotas } from './authorization-quotas.ts'

export interface PublishWithdrawalDeps {
  readonly authorizations: Pick<AuthorizationStore, 'find'>
  readonly withdrawals: Pick<WithdrawalStore, 'find' | 'put'>
  readonly advertiserAlarm: Pick<Alarm, 'ring'>
  readonly verifier: SignatureVerifier
  readonly quotas: Pick<AuthorizationQuotas, 'takeChange'>
  readonly clock: Pick<Clock, 'nowMs'>
  /** Whether this host has a wallet, to put withdrawals on chain with. */
  readonly publishes: boolean
}

/** Hosts that one user withdraws here, `ALL` being one: each costs a token. */
const mostPerUser = 10

/**
 * `POST /publishWithdrawal` (docs/specs/withdrawal.md): puts on chain what the caller takes back from a host, for users that
 * authorised this host at some time. It is kept when the answer comes, and ends their authorization here if it means this host too; the
 * transaction follows, and the same call again tells its id.
 */
export function publishWithdrawal(deps: PublishWithdrawalDeps): Middleware<PeerState> {
  const { authorizations, withdrawals, advertiserAlarm, verifier, clock, publishes, quotas } = deps
  return async (ctx) => {
    const userKey = ctx.state.peer.identityKey
    const withdrawal = parsePublishWithdrawal(parseBody(ctx.state.rawBody), userKey)
    const nowMs = clock.nowMs()
    requireWithdrawal(withdrawal, { nowMs, verifier })
    if (!publishes) throw new RelayError('ERR_UNAVAILABLE', 'This host has no wallet to publish with.')
    if ((await authorizations.find(userKey)) === null) throw new RelayError('ERR_NOT_AUTHORIZED')
    const known = await withdrawals.find(userKey, withdrawal.hostKey)
    if (known?.withdrawal.atMs !== withdrawal.atMs) quotas.takeChange(userKey)
    const outcome = await withdrawals.put(withdrawal, nowMs, mostPerUser)
    if (outcome === 'older') throw new RelayError('ERR_INVALID_WITHDRAWAL', 'A later one came before.')
    if (outcome === 'full') {
      throw new RelayError('ERR_QUOTA_EXCEEDED', `A user withdraws ${mostPerUser} hosts here: name ALL.`, {
        details: { quota: 'withdrawals of one user', limit: mostPerUser },
      })
    }
    if (outcome === 'stored') advertiserAlarm.ring()
    const stored = await withdrawals.find(userKey, withdrawal.hostKey)
    ctx.body = { status: 'success', txid: stored?.txid ?? null } satisfies PublishWithdrawalAnswer
  }
}
