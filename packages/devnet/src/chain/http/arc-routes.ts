import Router from '@koa/router'
import type { Context } from 'koa'

import type { Verdict } from '../accept-transaction.ts'
import type { Subscriber } from '../callbacks.ts'
import type { ChainNode } from '../chain-node.ts'
import { readBody } from './read-body.ts'

/**
 * The broadcaster, as ARC does it (OpenAPI of bitcoin-sv/arc, `pkg/api/arc.yaml`): `POST /v1/tx`, `POST /v1/txs`,
 * `GET /v1/tx/:txid`, `GET /v1/policy`, `GET /v1/health`. Errors are RFC 7807 objects with ARC's own statuses.
 */
export function arcRoutes(node: ChainNode): Router {
  const router = new Router({ prefix: '/v1' })

  router.post('/tx', async (ctx) => {
    const subscriber = readSubscriber(ctx)
    const [bytes] = readTransactions(ctx, await readBody(ctx))
    const answer =
      subscriber === 'invalid' ? problem(400, null, 'invalid callback URL') : await submit(node, bytes, subscriber)
    ctx.status = answer.status
    ctx.body = answer
  })

  router.post('/txs', async (ctx) => {
    const subscriber = readSubscriber(ctx)
    const answers: ArcAnswer[] = []
    for (const bytes of readTransactions(ctx, await readBody(ctx))) {
      answers.push(
        subscriber === 'invalid' ? problem(400, null, 'invalid callback URL') : await submit(node, bytes, subscriber),
      )
    }
    ctx.body = answers
  })

  router.get('/tx/:txid', async (ctx) => {
    const answer = await statusOf(node, ctx.params.txid ?? '')
    if (answer === null) ctx.status = 404
    ctx.body = answer ?? problem(404, ctx.params.txid ?? null, null)
  })

  router.get('/policy', (ctx) => {
    ctx.body = {
      timestamp: new Date().toISOString(),
      policy: {
        maxscriptsizepolicy: 100_000_000,
        maxtxsigopscountspolicy: 4_294_967_295,
        maxtxsizepolicy: 100_000_000,
        miningFee: { satoshis: node.feeSatoshisPerKb, bytes: 1000 },
        standardFormatSupported: true,
      },
    }
  })

  router.get('/health', (ctx) => {
    ctx.body = { healthy: true, version: 'overpost local chain', reason: null }
  })

  return router
}

type ArcAnswer = { readonly status: number } & Readonly<Record<string, unknown>>

async function submit(
  node: ChainNode,
  bytes: Uint8Array | undefined,
  subscriber: Subscriber | null,
): Promise<ArcAnswer> {
  if (bytes === undefined || bytes.length === 0) return problem(400, null, 'there is no transaction')
  let verdict: Verdict
  try {
    verdict = await node.submit(bytes, subscriber)
  } catch (error) {
    return problem(463, null, error instanceof Error ? error.message : String(error))
  }
  const { txid } = verdict
  if (verdict.kind === 'refused') return problem(verdict.status, txid, verdict.reason)
  const submitted = { status: 200, title: 'OK' }
  if (verdict.kind === 'seen') return { ...submitted, ...(await statusOf(node, txid)) }
  const { txStatus, reason, competingTxs } = verdict
  return { ...submitted, ...details(txid, txStatus, null), extraInfo: reason, ...competing(competingTxs) }
}

async function statusOf(node: ChainNode, txid: string): Promise<Record<string, unknown> | null> {
  const found = await node.ledger.find(txid)
  if (found !== null) return details(txid, found.block === null ? 'SEEN_ON_NETWORK' : 'MINED', found.block)
  const lost = await node.lostTo(txid)
  if (lost === null) return null
  const txStatus = lost.isFinal ? 'REJECTED' : 'DOUBLE_SPEND_ATTEMPTED'
  return { ...details(txid, txStatus, null), extraInfo: 'double spend attempted', ...competing(lost.competingTxs) }
}

function details(
  txid: string,
  txStatus: string,
  block: { height: number; hash: string; merklePath: string } | null,
): Record<string, unknown> {
  return {
    timestamp: new Date().toISOString(),
    txid,
    txStatus,
    blockHash: block?.hash ?? '',
    blockHeight: block?.height ?? 0,
    merklePath: block?.merklePath ?? '',
    extraInfo: '',
  }
}

function competing(txids: readonly string[]): { competingTxs?: readonly string[] } {
  return txids.length > 0 ? { competingTxs: txids } : {}
}

const titles: Readonly<Record<number, readonly [title: string, detail: string]>> = {
  400: ['Bad request', 'The request seems to be malformed and cannot be processed'],
  404: ['Not found', 'The requested resource could not be found'],
  460: ['Not extended format', 'Transaction is not in extended format, missing input scripts'],
  461: ['Malformed transaction', 'Transaction is malformed and cannot be processed'],
  462: ['Invalid inputs', 'Transaction is invalid because the inputs are non-existent or spent'],
  463: ['Malformed transaction', 'Transaction is malformed and cannot be processed'],
  464: ['Invalid outputs', 'Transaction is invalid because the outputs are non-existent or invalid'],
  465: ['Fee too low', 'Fees are too low'],
  467: ['Mined ancestors not found', 'Error validating BEEF: mined ancestors not found in transaction inputs'],
  468: ['Invalid BUMPs', 'Error validating BEEF: could not calculate Merkle Roots from given BUMPs'],
  469: ['Merkle Roots validation failed', 'Error validating BEEF: could not validate Merkle Roots'],
}

function problem(status: number, txid: string | null, extraInfo: string | null): ArcAnswer {
  const [title, detail] = titles[status] ?? ['Generic error', 'Transaction could not be processed']
  const type = `https://bitcoin-sv.github.io/arc/#/errors?id=_${status}`
  return { type, title, status, detail, instance: null, txid, extraInfo }
}

/** The transactions of a body in any of ARC's forms; one that cannot be read is empty. */
function readTransactions(ctx: Context, body: Buffer): Uint8Array[] {
  if (ctx.is('application/octet-stream') !== false) return [body]
  const text = body.toString('utf8').trim()
  if (ctx.is('json') === false) return text.split(/\s+/).map(fromHex)
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return [new Uint8Array()]
  }
  return (Array.isArray(parsed) ? parsed : [parsed]).map((item: unknown) => {
    const rawTx = typeof item === 'object' && item !== null && 'rawTx' in item ? item.rawTx : null
    return typeof rawTx === 'string' ? fromHex(rawTx) : new Uint8Array()
  })
}

function fromHex(text: string): Uint8Array {
  return /^(?:[0-9a-f]{2})*$/i.test(text) ? Buffer.from(text, 'hex') : new Uint8Array()
}

function readSubscriber(ctx: Context): Subscriber | null | 'invalid' {
  const url = ctx.get('X-CallbackUrl')
  if (url === '') return null
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return 'invalid'
  const token = ctx.get('X-CallbackToken')
  return { url, token: token === '' ? null : token }
}
