import Router from '@koa/router'
import * as z from 'zod'

import type { Ledger } from '../ledger.ts'
import type { BlockHeader } from '../toolbox.ts'
import { readJson } from './read-body.ts'

const rootsRequest = z.array(z.object({ blockHeight: z.int().nonnegative(), merkleRoot: z.string() })).min(1)
const rangeQuery = z.object({
  height: z.coerce.number().int().nonnegative(),
  count: z.coerce.number().int().positive().max(2000).default(1),
})

/**
 * The header service, as bitcoin-sv/block-headers-service does it and the SDK's `BlockHeadersService` reads it. Only the
 * longest chain is known: a header that a reorg removed is gone. Any bearer token will do.
 */
export function headerRoutes(ledger: Pick<Ledger, 'tip' | 'headers' | 'headerByHash'>): Router {
  const router = new Router({ prefix: '/api/v1/chain' })

  router.post('/merkleroot/verify', async (ctx) => {
    const confirmations: Confirmation[] = []
    const tip = await ledger.tip()
    for (const { blockHeight, merkleRoot } of await readJson(ctx, rootsRequest)) {
      const [header] = await ledger.headers(blockHeight, 1)
      const isHere = header?.merkleRoot === merkleRoot
      const confirmation = isHere ? 'CONFIRMED' : blockHeight > tip.height ? 'UNABLE_TO_VERIFY' : 'INVALID'
      confirmations.push({ blockHash: isHere ? header.hash : '', blockHeight, merkleRoot, confirmation })
    }
    const worst = ['INVALID', 'UNABLE_TO_VERIFY', 'CONFIRMED'].find((state) =>
      confirmations.some(({ confirmation }) => confirmation === state),
    )
    ctx.body = { confirmationState: worst, confirmations }
  })

  router.get('/tip/longest', async (ctx) => {
    const tip = await ledger.tip()
    ctx.body = {
      header: toJson(tip),
      state: 'LONGEST_CHAIN',
      chainWork: (tip.height + 1) * workOfBlock,
      height: tip.height,
    }
  })

  router.get('/header/byHeight', async (ctx) => {
    const query = rangeQuery.safeParse(ctx.query)
    const headers = query.success ? await ledger.headers(query.data.height, query.data.count) : []
    if (headers.length === 0) {
      ctx.status = 400
      ctx.body = 'could not find headers in given range'
    } else {
      ctx.body = headers.map(toJson)
    }
  })

  router.get('/header/:hash', async (ctx) => {
    const header = await ledger.headerByHash(ctx.params.hash ?? '')
    if (header === null) {
      ctx.status = 400
      ctx.body = 'could not find hash'
    } else {
      ctx.body = toJson(header)
    }
  })

  return router
}

interface Confirmation {
  readonly blockHash: string
  readonly blockHeight: number
  readonly merkleRoot: string
  readonly confirmation: 'CONFIRMED' | 'UNABLE_TO_VERIFY' | 'INVALID'
}

/** What a block at the easiest difficulty (0x207fffff) stands for. */
const workOfBlock = 2

function toJson(header: BlockHeader): Record<string, unknown> {
  return {
    hash: header.hash,
    version: header.version,
    prevBlockHash: header.previousHash,
    merkleRoot: header.merkleRoot,
    creationTimestamp: header.time,
    difficultyTarget: header.bits,
    nonce: header.nonce,
    work: workOfBlock,
  }
}
