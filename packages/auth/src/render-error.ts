import { RelayError } from '@overpost/protocol'
import type { Context } from 'koa'

/**
 * The answer for what a handler threw: code and description of a {@link RelayError}; of anything else nothing but 500, and
 * Koa's application is told.
 */
export function renderError(ctx: Context, error: unknown): void {
  if (!(error instanceof RelayError)) ctx.app.emit('error', error, ctx)
  const { status, code, message, details } = error instanceof RelayError ? error : new RelayError('ERR_INTERNAL')
  ctx.status = status
  ctx.body = { ...details, status: 'error', code, description: message }
}
