import type { Mailbox } from '@overpost/core'
import { parseAcknowledgeMessage, RelayError, type AcknowledgeMessageAnswer } from '@overpost/protocol'
import type { Middleware } from 'koa'
import { parseBody } from '../../http/parse-body.ts'
import type { PeerState } from '@overpost/auth'

/**
 * `POST /acknowledgeMessage` (BRC-33): removes the caller's own messages, by listed id or by (box, sender, id). Answers once
 * that is durable; a second acknowledgement finds nothing, which is 400 ERR_INVALID_ACKNOWLEDGMENT.
 */
export function acknowledgeMessage(mailbox: Pick<Mailbox, 'acknowledge' | 'acknowledgeByName'>): Middleware<PeerState> {
  return async (ctx) => {
    const request = parseAcknowledgeMessage(parseBody(ctx.state.rawBody))
    const owner = ctx.state.peer.identityKey
    const acknowledged =
      request.kind === 'listed'
        ? await mailbox.acknowledge(owner, request.listedIds)
        : await mailbox.acknowledgeByName(owner, request.messages)
    if (acknowledged === 0) throw new RelayError('ERR_INVALID_ACKNOWLEDGMENT')
    ctx.body = { status: 'success', acknowledged } satisfies AcknowledgeMessageAnswer
  }
}
