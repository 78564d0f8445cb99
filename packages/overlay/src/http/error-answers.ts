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
      logRefusal(log, refusal, ctx.path)
      ctx.status = refusal.status
      if (refusal.code === 'ERR_UNAVAILABLE') ctx.set('Retry-After', '5')
      const { code, message } = refusal
      ctx.body = { status: 'error', message, code, description: message, ...refusal.details }
    }
  }
}

function logRefusal(log: Logger, refusal: RelayError, path: string): void {
  const { code, message, cause, status } = refusal
  if (code === 'ERR_INTERNAL') log.error({ err: cause ?? refusal, path }, 'request failed')
  else if (status >= 500) log.warn({ code, path, reason: message, cause: reason(cause) }, 'request put off')
  else log.debug({ code, path, reason: message, cause: reason(cause) }, 'request refused')
}

function reason(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.message : undefined
}
