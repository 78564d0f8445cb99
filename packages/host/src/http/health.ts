import type { Middleware } from 'koa'
import type { Registry } from 'prom-client'

/** Why a part is not ready to serve; null when it is. Answers at once, from what is known. */
export type ReadinessCheck = () => string | null

export interface HealthDeps {
  readonly checks: Readonly<Record<string, ReadinessCheck>>
  readonly registry: Registry
}

/**
 * `GET /health/live`: the process answers. `GET /health/ready`: it can serve; 503 names the parts that cannot. `GET /metrics`:
 * for Prometheus. None is authenticated, and none waits for a store or a network.
 */
export function health({ checks, registry }: HealthDeps): Readonly<Record<string, Middleware>> {
  return {
    '/health/live': (ctx) => {
      ctx.body = { status: 'live' }
    },
    '/health/ready': (ctx) => {
      const parts = Object.entries(checks).map(([part, check]) => [part, check() ?? 'ready'] as const)
      const isReady = parts.every(([, state]) => state === 'ready')
      ctx.status = isReady ? 200 : 503
      ctx.body = { status: isReady ? 'ready' : 'not ready', parts: Object.fromEntries(parts) }
    },
    '/metrics': async (ctx) => {
      ctx.body = await registry.metrics()
      ctx.set('content-type', registry.contentType)
    },
  }
}
