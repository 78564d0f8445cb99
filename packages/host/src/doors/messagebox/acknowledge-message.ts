import type { Acknowledgements, Mailbox } from '@overpost/core'
import { parseAcknowledgeMessage, RelayError, type AcknowledgeMessageAnswer } from '@overpost/protocol'
import type { Middleware } from 'koa'
import { parseBody } from '../../http/parse-body.ts'
import type { PeerState } from '@overpost/auth'

export interface AcknowledgeMessageDeps {
  readonly mailbox: Pick<Mailbox, 'acknowledge'>
  readonly acknowledgements: Pick<Acknowledgements, 'acknowledge'>
}

/**
 * `POST /acknowledgeMessage` (BRC-33): removes the caller's own messages, by listed id or by (box, sender, id). Answers once
 * that is durable; a second acknowledgement finds nothing, which is 400 ERR_INVALID_ACKNOWLEDGMENT. With the caller's signature
 * for their other homes too, which may hold what is not here (docs/specs/sync-acknowledgements.md).
 */
export function acknowledgeMessage({ mailbox, acknowledgements }: AcknowledgeMessageDeps): Middleware<PeerState> {
  return async (ctx) => {
    const request = parseAcknowledgeMessage(parseBody(ctx.state.rawBody))
    const recipient = ctx.state.peer.identityKey
    const acknowledged =
      request.kind === 'listed'
        ? await mailbox.acknowledge(recipient, request.listedIds)
        : await acknowledgements.acknowledge({ recipient, ...request })
    const isForOthersToo = request.kind === 'named' && request.acknowledgement !== null
    if (acknowledged === 0 && !isForOthersToo) throw new RelayError('ERR_INVALID_ACKNOWLEDGMENT')
    ctx.body = { status: 'success', acknowledged } satisfies AcknowledgeMessageAnswer
  }
}
