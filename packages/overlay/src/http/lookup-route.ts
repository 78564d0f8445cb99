import type { LookupAnswer } from '@bsv/sdk'
import { RelayError } from '@overpost/protocol'
import type { Middleware } from 'koa'
import * as z from 'zod'
import type { OverlayEngine } from '../overlay-engine.ts'
import { aggregateAnswer } from './aggregate-answer.ts'
import { check } from './check.ts'
import { jsonBody } from './raw-body.ts'

const maxQuestionBytes = 64 * 1024
const question = z.object({
  service: z.string('must be the name of a lookup service').max(50),
  query: z.unknown().refine((query) => query !== undefined && query !== null, 'must be given'),
})

/**
 * `POST /lookup` (BRC-24): an output list, as JSON, or in the aggregated binary form when the caller sends `X-Aggregation: yes`.
 * Errors: 400 for an unknown service or a query that it does not take.
 */
export function lookupRoute(engine: Pick<OverlayEngine, 'lookup' | 'lookupServices'>): Middleware {
  return async (ctx) => {
    const { service, query } = check(question, await jsonBody(ctx, maxQuestionBytes))
    if (engine.lookupServices[service] === undefined) {
      throw new RelayError('ERR_INVALID_PARAMETERS', `There is no lookup service ${service} here.`)
    }
    const answer: LookupAnswer = await engine.lookup({ service, query })
    if (ctx.get('X-Aggregation') !== 'yes') {
      ctx.body = answer
      return
    }
    // The SDK compares the content type with exactly these letters, and reads JSON otherwise.
    ctx.set('Content-Type', 'application/octet-stream')
    ctx.body = aggregateAnswer(answer.outputs)
  }
}
