import { errorTable, RelayError } from '@overpost/protocol'
import type { Context, Middleware } from 'koa'
import type { Logger } from 'pino'

/** Puts what was thrown on `ctx` as an answer. */
export type RenderError = (ctx: Context, error: unknown) => void

/**
 * The only place where an error becomes an answer (BRC-33, BRC-34). Authentication uses it for what a route throws, so that
 * refusals are signed as answers are; {@link errorAnswers} for what comes before a route. A fault of our own is logged with its cause, and
 * answered with its code alone.
 */
export function errorRenderer(log: Logger, storeFailed: (error: RelayError) => void): RenderError {
  return (ctx, error) => {
    const refusal = error instanceof RelayError ? error : new RelayError('ERR_INTERNAL', undefined, { cause: error })
    const { code, message, details, status } = refusal
    // A full disk is logged when it fills up, not for each that is turned away: logs need room too.
    if (status >= 500 && code !== 'ERR_STORAGE_FULL') {
      const requestId = ctx.response.get('x-request-id')
      log.error({ err: error, method: ctx.method, path: ctx.path, requestId }, 'request failed')
      if (code === 'ERR_UNAVAILABLE') storeFailed(refusal)
    }
    ctx.status = status
    const description = status >= 500 ? errorTable[code][1] : message
    ctx.body = { ...details, status: 'error', code, description }
  }
}

export function errorAnswers(render: RenderError): Middleware {
  return async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      render(ctx, error)
    }
  }
}
