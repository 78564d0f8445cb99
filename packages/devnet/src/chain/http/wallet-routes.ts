import Router from '@koa/router'
import type { Context } from 'koa'
import { RelayError } from '@overpost/protocol'
import * as z from 'zod'

import { walletError, walletResult, type WalletAnswer } from '../wallet-json.ts'
import { walletName, Wallets } from '../wallets.ts'
import { readJson } from './read-body.ts'

/**
 * BRC-100 wallets by name: `POST /wallets/:name/:call` takes and answers what the SDK's `HTTPWalletJSON` sends and reads
 * when its base URL is `<chain>/wallets/<name>`. `GET /wallets/:name` shows a wallet's key and balance.
 */
export function walletRoutes(wallets: Wallets): Router {
  const router = new Router({ prefix: '/wallets' })

  router.get('/:name', async (ctx) => {
    const name = readName(ctx.params.name)
    ctx.body = { name, identityKey: await wallets.identityKey(name), satoshis: await wallets.balance(name) }
  })

  router.post('/:name/:call', async (ctx) => {
    const name = readName(ctx.params.name)
    const call = ctx.params.call ?? ''
    if (!Wallets.isCall(call)) throw new RelayError('ERR_NOT_FOUND', 'BRC-100 has no such call.')
    const args = await readJson(ctx, z.record(z.string(), z.unknown()))
    let answer: WalletAnswer
    try {
      answer = walletResult(await wallets.call(name, call, args))
    } catch (error) {
      answer = walletError(error)
    }
    send(ctx, answer)
  })

  return router
}

function send(ctx: Context, { status, body }: WalletAnswer): void {
  ctx.status = status
  ctx.type = 'application/json'
  ctx.body = body
}

function readName(name: string | undefined): string {
  if (name !== undefined && walletName.test(name)) return name
  throw new RelayError(
    'ERR_INVALID_REQUEST',
    "A wallet's name has 1 to 64 letters, digits, dots, dashes or underscores.",
  )
}
