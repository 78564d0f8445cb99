import { statusOf, type MessageStatus, type Removal, type StatusDeps } from '@overpost/core'
import {
  custodyProof,
  parseMessageStatus,
  type CustodyReceiptJson,
  type Hasher,
  type MessageStatusAnswer,
  type MessageStatusJson,
} from '@overpost/protocol'
import type { PeerState } from '@overpost/auth'
import type { Middleware } from 'koa'
import { parseBody } from '../../http/parse-body.ts'
import { ownReceipts, type OwnReceiptsDeps } from './own-receipts.ts'

export interface MessageStatusDeps extends StatusDeps, OwnReceiptsDeps {}

/** `POST /messageStatus` (ours): what became of the caller's own messages, by handle, in order (docs/specs/message-status.md). */
export function messageStatus(deps: MessageStatusDeps): Middleware<PeerState> {
  return async (ctx) => {
    const { handles } = parseMessageStatus(parseBody(ctx.state.rawBody))
    const found = await statusOf(ctx.state.peer.identityKey, handles, deps)
    const receipts = await ownReceipts(found, deps)
    const results = found.map((status) => toJson(status, receipts.get(status.handle) ?? null, deps.verifier))
    ctx.body = { status: 'success', results } satisfies MessageStatusAnswer
  }
}

function toJson(status: MessageStatus, receipt: CustodyReceiptJson | null, hasher: Hasher): MessageStatusJson {
  const { handle } = status
  if (status.kind === 'unknown') return { handle, state: 'unknown' }
  if (status.kind === 'ended') {
    return { handle, state: status.state, ...removalToJson(status.removal) }
  }
  const { state, recipient, box, messageId, acceptedAtMs, attempts, ...rest } = status.record
  return {
    ...{ handle, state, recipient, messageBox: box, messageId, acceptedAtMs, attempts },
    ...(rest.settledAtMs === null ? {} : { settledAtMs: rest.settledAtMs }),
    ...(rest.nextAttemptAtMs === null ? {} : { nextAttemptAtMs: rest.nextAttemptAtMs }),
    ...(rest.reason === null ? {} : { reason: rest.reason }),
    ...removalToJson(rest.removal),
    ...(receipt === null ? {} : { receipt: { ...receipt } }),
    destinations: rest.destinations.map(({ destination, reason, receipt, ...known }) => ({
      ...{ ...destination, ...known },
      ...(reason === null ? {} : { reason }),
      ...(receipt === null ? {} : { receipt: { ...custodyProof(receipt, hasher) } }),
    })),
  }
}

function removalToJson(removal: Removal | null): Pick<MessageStatusJson, 'movedTo' | 'pruned'> {
  if (removal === null) return {}
  return removal.kind === 'moved' ? { movedTo: removal.to } : { pruned: true }
}
