import type { RawBodyState } from '@overpost/auth'
import {
  operatorPaths,
  parseOperatorRequest,
  RelayError,
  type OperatorAnswer,
  type OperatorCall,
} from '@overpost/protocol'
import type { Middleware } from 'koa'
import { networkOf } from '../../http/address-network.ts'
import { parseBody } from '../../http/parse-body.ts'
import { RateLimit } from '../../http/rate-limit.ts'
import type { TokenCheck } from '../../operator-token.ts'

type Parsed<Call extends OperatorCall> = ReturnType<typeof parseOperatorRequest<Call>>

/** What answers each call, its request checked. */
export type OperatorCalls = {
  readonly [Call in OperatorCall]: (request: Parsed<Call>) => Promise<Omit<OperatorAnswer<Call>, 'status'>>
}

const callRate = { perSecond: 20, burst: 200 }
/** Of tokens that are none, by address. */
const guessRate = { perSecond: 0.2, burst: 10 }
const mostGuessers = 10_000
const longestTokenCharacters = 600

/** The operator's calls (docs/specs/operator-api.md): for whoever shows the token, at a rate of its own. Others pass by. */
export function operatorDoor(isToken: TokenCheck, calls: OperatorCalls): Middleware<RawBodyState> {
  const byPath = new Map<string, OperatorCall>(
    Object.entries(operatorPaths).map(([call, path]) => [path, call as OperatorCall]),
  )
  const rate = new RateLimit(callRate, 2)
  const guesses = new RateLimit(guessRate, mostGuessers)
  return async (ctx, next) => {
    if (!ctx.path.startsWith('/operator/')) {
      await next()
      return
    }
    const given = /^bearer +(\S+)$/i.exec(ctx.get('authorization').slice(0, longestTokenCharacters))?.[1]
    if (given === undefined || !isToken(given)) {
      const waitMs = guesses.take(networkOf(ctx.ip))
      if (waitMs === 0) throw new RelayError('UNAUTHORIZED', 'The token is missing, or it is another.')
      ctx.set('retry-after', String(Math.ceil(waitMs / 1000)))
      throw new RelayError('ERR_RATE_LIMITED')
    }
    const waitMs = rate.take('operator')
    if (waitMs > 0) {
      ctx.set('retry-after', String(Math.ceil(waitMs / 1000)))
      throw new RelayError('ERR_RATE_LIMITED')
    }
    const call = byPath.get(ctx.path)
    if (call === undefined) throw new RelayError('ERR_NOT_FOUND')
    if (ctx.method !== 'POST') {
      ctx.set('allow', 'POST')
      throw new RelayError('ERR_METHOD_NOT_ALLOWED')
    }
    ctx.set('cache-control', 'no-store')
    // What is parsed by the name of a call is what that call takes.
    const answer = calls[call] as (request: unknown) => Promise<object>
    ctx.body = { status: 'success', ...(await answer(parseOperatorRequest(call, parseBody(ctx.state.rawBody)))) }
  }
}
