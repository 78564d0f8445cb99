import type { Received, Router } from '@overpost/core'
import {
  errorTable,
  parsePropagateMessages,
  RelayError,
  type ErrorCode,
  type PropagatedMessage,
  type PropagateResultJson,
} from '@overpost/protocol'
import type { Middleware } from 'koa'
import type { CallerLimits } from '../../http/caller-limits.ts'
import { parseBody } from '../../http/parse-body.ts'
import type { PeerState } from '@overpost/auth'
import { custodySignature, storedJson, type CustodyAnswerDeps } from './custody-answer.ts'

export interface PropagateMessagesDeps extends CustodyAnswerDeps {
  readonly callerLimits: Pick<CallerLimits, 'countMessages'>
  readonly router: Pick<Router, 'receive'>
  readonly limits: {
    readonly batchMessages: number
    /** Of the whole body. */
    readonly batchBytes: number
  }
}

/**
 * `POST /propagateMessages` (ours): messages from another host, a result for each in order, durable when they are answered. A
 * bad one spoils no other. Errors of the call as a whole: ERR_BODY_TOO_LARGE 413, ERR_INVALID_PARAMETERS 400 (docs/specs/propagate.md).
 */
export function propagateMessages(deps: PropagateMessagesDeps): Middleware<PeerState> {
  const { router, limits, callerLimits } = deps
  return async (ctx) => {
    const { rawBody, peer } = ctx.state
    if (rawBody.length > limits.batchBytes) throw new RelayError('ERR_BODY_TOO_LARGE')
    const items = parsePropagateMessages(parseBody(rawBody))
    if (items.length > limits.batchMessages) {
      throw new RelayError('ERR_INVALID_PARAMETERS', `This host takes ${limits.batchMessages} messages in one call.`)
    }
    callerLimits.countMessages(ctx, items.length)
    const whole = items.filter((item): item is PropagatedMessage => !(item instanceof RelayError))
    const received = whole.length === 0 ? [] : await router.receive(peer.identityKey, whole)
    let next = 0
    const results = items.map((item) =>
      item instanceof RelayError ? refusal(item.code, item.message) : toResult(received[next++]),
    )
    ctx.body = { status: 'success', results, log: deps.log, ...(await custodySignature(received, deps)) }
  }
}

export function toResult(received: Received | undefined): PropagateResultJson {
  if (received === undefined) return refusal('ERR_INTERNAL')
  if (received.kind === 'refused') return refusal(received.code, received.description)
  return storedJson(received)
}

export function refusal(code: ErrorCode, description: string = errorTable[code][1]): PropagateResultJson {
  return { status: 'error', code, description }
}
