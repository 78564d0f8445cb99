import Router from '@koa/router'
import * as z from 'zod'

import type { ChainNode } from '../chain-node.ts'
import { maxReorgDepth } from '../reorganize.ts'
import { walletName } from '../wallets.ts'
import { readJson } from './read-body.ts'

const hex = z.string().regex(/^(?:[0-9a-f]{2})+$/i, 'must be hexadecimal')
const txid = z.string().regex(/^[0-9a-f]{64}$/, 'must be a transaction id')
const satoshis = z.int().positive().max(5_000_000_000)

const faucetRequest = z.union([
  z.strictObject({ wallet: z.string().regex(walletName), satoshis: satoshis.default(10_000_000) }),
  z.strictObject({ lockingScript: hex, satoshis: satoshis.default(10_000_000) }),
])
const blocksRequest = z.strictObject({ count: z.int().min(1).max(1000).default(1) })
const reorgRequest = z.strictObject({
  depth: z.int().min(1).max(maxReorgDepth),
  blocks: z.int().min(2).max(200).optional(),
  leaveOut: z.array(txid).default([]),
  drop: z.array(txid).default([]),
  replace: z.array(hex).default([]),
})

/** What no real network offers: money for nothing, blocks on demand, reorgs. */
export function commandRoutes(node: ChainNode): Router {
  const router = new Router()

  router.post('/faucet', async (ctx) => {
    const request = await readJson(ctx, faucetRequest)
    if ('wallet' in request) {
      ctx.body = await node.wallets.fund(request.wallet, request.satoshis)
    } else {
      const lockingScript = [...Buffer.from(request.lockingScript, 'hex')]
      const paidTxid = await node.ledger.pay(lockingScript, request.satoshis)
      const beef = Buffer.from(await node.ledger.atomicBeef(paidTxid)).toString('hex')
      ctx.body = { txid: paidTxid, outputIndex: 0, satoshis: request.satoshis, beef }
    }
  })

  router.post('/blocks', async (ctx) => {
    const { count } = await readJson(ctx, blocksRequest)
    const blocks = await node.mine(count)
    ctx.body = {
      blocks: blocks.map(({ header, txids }) => ({ height: header.height, hash: header.hash, txids })),
      height: blocks.at(-1)?.header.height,
    }
  })

  router.post('/reorg', async (ctx) => {
    const { depth, blocks, leaveOut, drop, replace } = await readJson(ctx, reorgRequest)
    const plan = { depth, leaveOut, drop, ...(blocks === undefined ? {} : { blocks }) }
    const outcome = await node.reorg(
      plan,
      replace.map((text) => Buffer.from(text, 'hex')),
    )
    const tip = await node.ledger.tip()
    ctx.body = { ...outcome, height: tip.height, hash: tip.hash }
  })

  router.get('/tip', async (ctx) => {
    const { height, hash, merkleRoot, time } = await node.ledger.tip()
    ctx.body = { height, hash, merkleRoot, time }
  })

  router.get('/health', async (ctx) => {
    ctx.body = { status: 'ok', height: (await node.ledger.tip()).height }
  })

  return router
}
