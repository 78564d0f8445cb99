import { ByteReader, numbersOf, RelayError } from '@overpost/protocol'
import type { TaggedBEEF } from '@bsv/sdk'
import type { Middleware } from 'koa'
import * as z from 'zod'
import type { OverlayEngine } from '../overlay-engine.ts'
import { check } from './check.ts'
import { Gate } from './gate.ts'
import { rawBody } from './raw-body.ts'

const topicsHeader = z.array(z.string().max(50)).min(1).max(50)

/**
 * `POST /submit` (BRC-22): the BEEF as body, the topics as a JSON array in `X-Topics`; with `x-includes-off-chain-values: true` the body is
 * the BEEF's length (VarInt), the BEEF, the values. Answers what each known topic decided, once that is on disk.
 * Errors: 400 for what is not well formed or does not verify, 413, 415, 503.
 */
export function submitRoute(engine: Pick<OverlayEngine, 'submit'>, limits: SubmitLimits): Middleware {
  const gate = new Gate({ atOnce: limits.submitsAtOnce, waiting: limits.submitsWaiting })
  return async (ctx) => {
    if (ctx.is('application/octet-stream') === false) {
      throw new RelayError('ERR_INVALID_REQUEST', 'The body must be application/octet-stream.')
    }
    const topics = check(topicsHeader, parseTopics(ctx.get('X-Topics')))
    // The body is read inside: those who wait cost no memory.
    ctx.body = await gate.run(async () => {
      const body = await rawBody(ctx, limits.bodyBytes)
      const { beef, offChainValues } = split(body, ctx.get('x-includes-off-chain-values') === 'true')
      const tagged: TaggedBEEF = { beef: numbersOf(beef), topics }
      const values = offChainValues === null ? undefined : numbersOf(offChainValues)
      return engine.submit(tagged, undefined, 'current-tx', values)
    })
  }
}

export interface SubmitLimits {
  readonly bodyBytes: number
  readonly submitsAtOnce: number
  readonly submitsWaiting: number
}

function parseTopics(header: string): unknown {
  try {
    return JSON.parse(header)
  } catch (cause) {
    throw new RelayError('ERR_INVALID_PARAMETERS', 'The header X-Topics must be a JSON array of topics.', { cause })
  }
}

function split(body: Buffer, hasValues: boolean): { beef: Uint8Array; offChainValues: Uint8Array | null } {
  if (!hasValues) return { beef: body, offChainValues: null }
  const reader = new ByteReader(body)
  const beef = reader.bytes(reader.count(1))
  return { beef, offChainValues: reader.bytes(reader.left) }
}
