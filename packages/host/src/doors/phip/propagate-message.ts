import type { Router } from '@overpost/core'
import { parsePropagateMessage, RelayError } from '@overpost/protocol'
import type { Middleware } from 'koa'
import { parseBody } from '../../http/parse-body.ts'
import type { PeerState } from '@overpost/auth'
import { custodySignature, storedJson, type CustodyAnswerDeps } from './custody-answer.ts'

export interface PropagateMessageDeps extends CustodyAnswerDeps {
  readonly router: Pick<Router, 'receive'>
}

/** `POST /propagateMessage` (BRC-34): one message from another host, durable when it is answered. Errors: docs/specs/propagate.md. */
export function propagateMessage(deps: PropagateMessageDeps): Middleware<PeerState> {
  return async (ctx) => {
    const item = parsePropagateMessage(parseBody(ctx.state.rawBody))
    const [received] = await deps.router.receive(ctx.state.peer.identityKey, [item])
    if (received === undefined) throw new Error('the router gave no outcome')
    if (received.kind === 'refused') throw new RelayError(received.code, received.description)
    ctx.body = { ...storedJson(received), log: deps.log, ...(await custodySignature([received], deps)) }
  }
}
