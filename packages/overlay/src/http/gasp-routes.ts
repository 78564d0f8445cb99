import { RelayError } from '@overpost/protocol'
import type { Middleware } from 'koa'
import * as z from 'zod'
import { maxPage } from '../admission.ts'
import type { OverlayEngine } from '../overlay-engine.ts'
import { check } from './check.ts'
import { jsonBody } from './raw-body.ts'

const maxBytes = 16 * 1024
const txid = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits')
const outputIndex = z.number().int().min(0).max(0xffffffff)
const initialRequest = z.object({
  version: z.literal(1),
  since: z.number().min(0).max(Number.MAX_SAFE_INTEGER),
  limit: z.number().int().min(1).max(maxPage).default(maxPage),
})
const nodeRequest = z.object({
  graphID: z.string().regex(/^[0-9a-f]{64}\.[0-9]{1,10}$/, 'must be <txid>.<index>'),
  txid,
  outputIndex,
  metadata: z.unknown().optional(),
})

/** `POST /requestSyncResponse` (BRC-40): the unspent outputs of the topic in `X-BSV-Topic`, from the score `since` on. */
export function requestSyncResponse(engine: OverlayEngine): Middleware {
  return async (ctx) => {
    const topic = ctx.get('X-BSV-Topic')
    if (engine.managers[topic] === undefined) {
      throw new RelayError('ERR_INVALID_PARAMETERS', 'The header X-BSV-Topic must name a topic of this node.')
    }
    ctx.body = await engine.provideForeignSyncResponse(check(initialRequest, await jsonBody(ctx, maxBytes)), topic)
  }
}

/** `POST /requestForeignGASPNode` (BRC-40): one transaction of an output's ancestry. Errors: 404. */
export function requestForeignGaspNode(engine: OverlayEngine): Middleware {
  return async (ctx) => {
    const request = check(nodeRequest, await jsonBody(ctx, maxBytes))
    ctx.body = await engine.provideForeignGASPNode(request.graphID, request.txid, request.outputIndex)
  }
}
