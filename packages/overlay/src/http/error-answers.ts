import { RelayError } from '@overpost/protocol'
import type { Middleware } from 'koa'
import type { Logger } from 'pino'

/**
 * The only place where an error becomes an answer: `{status, message, code, description}`, `message` being what clients of other overlay
 * nodes read. Unknown errors answer 500 without details.
 */
export function errorAnswers(log: Logger): Middleware {
  return async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      const refusal = error instanceof RelayError ? error : new RelayError('ERR_INTERNAL', undefined, { cause: error })
      if (refusal.status >= 500) log.error({ err: refusal.cause ?? refusal, path: ctx.path }, 'request failed')
      else log.debug({ code: refusal.code, path: ctx.path, reason: refusal.message }, 'request refused')
      ctx.status = refusal.status
      if (refusal.code === 'ERR_UNAVAILABLE') ctx.set('Retry-After', '5')
      const { code, message } = refusal
      ctx.body = { status: 'error', message, code, description: message, ...refusal.details }
    }
  }
}
