import type { Router } from '@overpost/core'
import { parsePropagateMessage, RelayError } from '@overpost/protocol'
import type { Middleware } from 'koa'
import { parseBody } from '../../http/parse-body.ts'
import type { PeerState } from '@overpost/auth'

/** `POST /propagateMessage` (BRC-34): one message from another host, durable when it is answered. Errors: docs/specs/propagate.md. */
export function propagateMessage(router: Pick<Router, 'receive'>): Middleware<PeerState> {
  return async (ctx) => {
    const item = parsePropagateMessage(parseBody(ctx.state.rawBody))
    const [received] = await router.receive(ctx.state.peer.identityKey, [item])
    if (received === undefined) throw new Error('the router gave no outcome')
    if (received.kind === 'refused') throw new RelayError(received.code, received.description)
    ctx.body = received.duplicate ? { status: 'success', duplicate: true } : { status: 'success' }
  }
}
