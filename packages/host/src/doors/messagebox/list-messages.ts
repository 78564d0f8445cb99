import type { Mailbox } from '@overpost/core'
import { parseListMessages } from '@overpost/protocol'
import type { Middleware } from 'koa'
import { parseBody } from '../../http/parse-body.ts'
import type { PeerState } from '@overpost/auth'
import { listedMessageText } from './listed-message-text.ts'

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
    const texts = messages.map((message) => listedMessageText(message, withEnvelopes))
    const rest = JSON.stringify({
      cursor: page.cursor,
      more: page.more,
      ...(page.restarted ? { restarted: true } : {}),
    })
    ctx.type = 'application/json'
    // Made bytes once: Koa, and whoever signs it, would each measure the text again.
    ctx.body = Buffer.from(`{"status":"success","messages":[${texts.join(',')}],${rest.slice(1)}`)
  }
}
