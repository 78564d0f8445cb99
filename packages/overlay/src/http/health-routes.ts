import type { Middleware } from 'koa'

/** What of the node works. */
export interface HealthReport {
  /** Parts without which it cannot do its work: the database, the headers. */
  readonly checks: Readonly<Record<string, 'ok' | 'failing'>>
  readonly details: Readonly<Record<string, unknown>>
}

/** `GET /health/live`: the process answers. */
export function healthLive(): Middleware {
  return (ctx) => {
    ctx.body = { status: 'ok' }
  }
}

/** `GET /health/ready` and `GET /health`: 200 when every part works and the node is not draining, else 503; a report both times. */
export function healthReport(report: () => Promise<HealthReport>): Middleware {
  return async (ctx) => {
    const { checks, details } = await report()
    const isReady = Object.values(checks).every((check) => check === 'ok')
    ctx.status = isReady ? 200 : 503
    ctx.body = { status: isReady ? 'ok' : 'unavailable', checks, ...details }
  }
}
