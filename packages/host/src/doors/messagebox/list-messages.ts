import type { Mailbox } from '@overpost/core'
import { parseListMessages } from '@overpost/protocol'
import type { Middleware } from 'koa'
import { parseBody } from '../../http/parse-body.ts'
import type { PeerState } from '@overpost/auth'
import { listedMessages } from './listed-messages.ts'

export interface ListMessagesDeps {
  readonly mailbox: Pick<Mailbox, 'list'>
  readonly limits: {
    readonly listMessages: number
    /** Of bodies, about. */
    readonly listBytes: number
  }
}

/**
 * `POST /listMessages` (BRC-33): the caller's own messages of a box, oldest first, up to the limits of one listing. Who asks
 * for pages goes on from `cursor` while there is `more`. Errors: docs/specs/message-box.md.
 */
export function listMessages({ mailbox, limits }: ListMessagesDeps): Middleware<PeerState> {
  return async (ctx) => {
    const { box, limit, cursor, withEnvelopes } = parseListMessages(parseBody(ctx.state.rawBody))
    const { messages, ...page } = await mailbox.list(
      { owner: ctx.state.peer.identityKey, box },
      {
        cursor,
        limit: Math.min(limit ?? Infinity, limits.listMessages),
        maxBytes: limits.listBytes,
        withProofs: withEnvelopes,
      },
    )
    const rest = JSON.stringify({
      cursor: page.cursor,
      more: page.more,
      ...(page.restarted ? { restarted: true } : {}),
    })
    ctx.type = 'application/json'
    // Bytes, since Koa, and whoever signs it, would each measure a text again.
    ctx.body = listedMessages(messages, withEnvelopes, ['{"status":"success","messages":', `,${rest.slice(1)}`])
  }
}
