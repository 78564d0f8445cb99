import type { HostLogs } from '@overpost/core'
import { parseResendMessages, RelayError } from '@overpost/protocol'
import type { Middleware } from 'koa'
import { parseBody } from '../../http/parse-body.ts'
import type { PeerState } from '@overpost/auth'

export interface ResendMessagesDeps {
  readonly hostLogs: Pick<HostLogs, 'asked'>
}

/**
 * `POST /resendMessages` (ours): another host's log began anew. It gets again what this host delivered to that very key, once for
 * each name, and once an hour at most. Errors: docs/specs/resend.md.
 */
export function resendMessages({ hostLogs }: ResendMessagesDeps): Middleware<PeerState> {
  return async (ctx) => {
    const { log } = parseResendMessages(parseBody(ctx.state.rawBody))
    const noted = await hostLogs.asked(ctx.state.peer.identityKey, log)
    if (noted === 'soon') throw new RelayError('ERR_RATE_LIMITED', 'Messages were sent again within the last hour.')
    ctx.body = { status: 'success', again: noted === 'anew' }
  }
}
