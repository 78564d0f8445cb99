import type { Router } from '@overpost/core'
import { contentOf, parseSendMessage, type IdentityKey, type SendMessageAnswer } from '@overpost/protocol'
import type { Middleware } from 'koa'
import type { CallerLimits } from '../../http/caller-limits.ts'
import { parseBody } from '../../http/parse-body.ts'
import type { PeerState } from '@overpost/auth'

export interface SendMessageDeps {
  readonly callerLimits: Pick<CallerLimits, 'countMessages'>
  readonly router: Pick<Router, 'accept'>
  readonly isPublicKey: (key: IdentityKey) => boolean
}

/**
 * `POST /sendMessage` (BRC-33). Answers once the message is durable on this host; delivery to other hosts (BRC-34) goes on
 * behind the answer. Nothing is stored when a check fails. Errors: docs/specs/message-box.md.
 */
export function sendMessage({ router, isPublicKey, callerLimits }: SendMessageDeps): Middleware<PeerState> {
  return async (ctx) => {
    const { recipients, box, body: sent } = parseSendMessage(parseBody(ctx.state.rawBody), isPublicKey)
    const { contentType, body } = contentOf(sent)
    callerLimits.countMessages(ctx, recipients.length)
    const { identityKey: sender, signedRequest } = ctx.state.peer
    const send = { sender, box, recipients, contentType, body }
    // Other hosts believe a request for this path alone.
    const accepted = await router.accept(ctx.req.url === '/sendMessage' ? { ...send, signedRequest } : send)
    const results = accepted.map(({ recipient, messageId, duplicate, handle }) =>
      duplicate ? { recipient, messageId, duplicate: true as const, handle } : { recipient, messageId, handle },
    )
    ctx.body = {
      status: 'success',
      message: results.length === 1 ? 'Your message has been kept.' : `Your ${results.length} messages have been kept.`,
      results,
    } satisfies SendMessageAnswer
  }
}
