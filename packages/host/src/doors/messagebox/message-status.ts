import { statusOf, type MessageStatus, type StatusDeps } from '@overpost/core'
import { parseMessageStatus, type MessageStatusAnswer, type MessageStatusJson } from '@overpost/protocol'
import type { PeerState } from '@overpost/auth'
import type { Middleware } from 'koa'
import { parseBody } from '../../http/parse-body.ts'

/** `POST /messageStatus` (ours): what became of the caller's own messages, by handle, in order (docs/specs/message-status.md). */
export function messageStatus(deps: StatusDeps): Middleware<PeerState> {
  return async (ctx) => {
    const { handles } = parseMessageStatus(parseBody(ctx.state.rawBody))
    const found = await statusOf(ctx.state.peer.identityKey, handles, deps)
    ctx.body = { status: 'success', results: found.map(toJson) } satisfies MessageStatusAnswer
  }
}

function toJson(status: MessageStatus): MessageStatusJson {
  const { handle } = status
  if (status.kind === 'unknown') return { handle, state: 'unknown' }
  if (status.kind === 'ended') return { handle, state: status.state }
  const { state, recipient, box, messageId, acceptedAtMs, attempts, ...rest } = status.record
  return {
    ...{ handle, state, recipient, messageBox: box, messageId, acceptedAtMs, attempts },
    ...(rest.settledAtMs === null ? {} : { settledAtMs: rest.settledAtMs }),
    ...(rest.nextAttemptAtMs === null ? {} : { nextAttemptAtMs: rest.nextAttemptAtMs }),
    ...(rest.reason === null ? {} : { reason: rest.reason }),
    destinations: rest.destinations.map(({ destination, reason, receipt, ...known }) => ({
      ...{ ...destination, ...known },
      ...(reason === null ? {} : { reason }),
      ...(receipt === null ? {} : { receipt: { ...receipt } }),
    })),
  }
}
