import { MerklePath } from '@bsv/sdk'
import { RelayError } from '@overpost/protocol'
import type { Middleware } from 'koa'
import * as z from 'zod'
import type { OverlayEngine } from '../overlay-engine.ts'
import { check } from './check.ts'
import { jsonBody } from './raw-body.ts'

const maxBytes = 64 * 1024
const callback = z.object({
  txid: z.string().regex(/^[0-9a-f]{64}$/i, 'must be 64 hexadecimal digits'),
  // A path of the highest tree has some 2.3 kB.
  merklePath: z.string().max(20_000).nullish(),
  txStatus: z.string().max(100).nullish(),
})
const badNews = new Set(['REJECTED', 'DOUBLE_SPEND_ATTEMPTED', 'MINED_IN_STALE_BLOCK'])

/**
 * `POST /arc-ingest`: ARC's callback. Anyone may call it, since a Merkle path counts only when the headers confirm it. A callback without a
 * path (the transaction was seen, not mined), or for a transaction that is not kept here, changes nothing. Bad news is a hint to `suspect`: it is asked for.
 * Errors: 400 for a path that proves nothing, 503.
 */
export function arcIngest(engine: Pick<OverlayEngine, 'ingestProof'>, suspect: (txid: string) => void): Middleware {
  return async (ctx) => {
    const { txid, merklePath, txStatus } = check(callback, await jsonBody(ctx, maxBytes))
    if (badNews.has(txStatus ?? '')) suspect(txid.toLowerCase())
    else if (merklePath) await engine.ingestProof(txid.toLowerCase(), parsePath(merklePath))
    ctx.body = { status: 'success' }
  }
}

function parsePath(hex: string): MerklePath {
  try {
    return MerklePath.fromHex(hex)
  } catch (cause) {
    throw new RelayError('ERR_INVALID_PARAMETERS', 'The Merkle path is not well formed.', { cause })
  }
}
