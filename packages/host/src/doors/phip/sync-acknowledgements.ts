import type { Acknowledgements } from '@overpost/core'
import { parseSyncAcknowledgements } from '@overpost/protocol'
import type { Middleware } from 'koa'
import { parseBody } from '../../http/parse-body.ts'
import type { PeerState } from '@overpost/auth'

export interface SyncAcknowledgementsDeps {
  readonly acknowledgements: Pick<Acknowledgements, 'receive'>
}

/**
 * `POST /syncAcknowledgements` (ours): what a user hosted here acknowledged at another of their homes. Erases only what the user
 * signed for. Errors: docs/specs/sync-acknowledgements.md.
 */
export function syncAcknowledgements({ acknowledgements }: SyncAcknowledgementsDeps): Middleware<PeerState> {
  return async (ctx) => {
    const sync = parseSyncAcknowledgements(parseBody(ctx.state.rawBody))
    ctx.body = { status: 'success', ...(await acknowledgements.receive(ctx.state.peer.identityKey, sync)) }
  }
}
