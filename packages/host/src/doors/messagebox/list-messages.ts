import { shownProof, type Mailbox, type StoredMessage, type VerifiedRequest } from '@overpost/core'
import { parseListMessages, wrapBody, type ListedMessageJson, type ListMessagesJson } from '@overpost/protocol'
import type { Middleware } from 'koa'
import { parseBody } from '../../http/parse-body.ts'
import type { PeerState } from '@overpost/auth'

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
    const page = await mailbox.list(
      { owner: ctx.state.peer.identityKey, box },
      { cursor, limit: Math.min(limit ?? Infinity, limits.listMessages), maxBytes: limits.listBytes },
    )
    ctx.body = {
      status: 'success',
      messages: page.messages.map((message) => listedMessageJson(message, withEnvelopes)),
      cursor: page.cursor,
      more: page.more,
      ...(page.restarted ? { restarted: true } : {}),
    } satisfies ListMessagesJson & { restarted?: boolean }
  }
}

/** A message as it is listed; `withProof`: with what its sender signed. */
export function listedMessageJson(message: StoredMessage, withProof: boolean): ListedMessageJson {
  const { listedId, messageId, sender, box, receivedAtMs, envelope, request, originHost } = message
  const time = new Date(receivedAtMs).toISOString()
  return {
    messageId: listedId,
    ...(listedId === messageId ? {} : { id: messageId }),
    body: wrapBody(message),
    sender,
    box,
    timestamp: receivedAtMs,
    createdAt: time,
    updatedAt: time,
    created_at: time,
    updated_at: time,
    proof: shownProof(message),
    ...(originHost === null ? {} : { originHost }),
    ...(message.acknowledgedElsewhere ? { acknowledgedElsewhere: true as const } : {}),
    ...(withProof && envelope !== null
      ? { envelope: { timestamp: envelope.timestampMs, signature: envelope.signatureHex } }
      : {}),
    ...(withProof && request !== null ? { request: requestJson(request) } : {}),
  }
}

function requestJson({
  payload,
  signatureHex,
  nonce,
  sessionNonce,
}: VerifiedRequest): NonNullable<ListedMessageJson['request']> {
  const signedMessage = Buffer.from(payload).toString('base64')
  return { signedMessage, senderSignature: signatureHex, nonce, yourNonce: sessionNonce }
}
