import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Middleware } from 'koa'
import type { OverlayStore } from './storage/overlay-store.ts'

/** The node's numbers for Prometheus, in a registry of its own. Labels have few values: routes and outcomes, never keys or hosts. */
export function createMetrics({ store, waiting }: { store: OverlayStore; waiting: () => number }): Metrics {
  const registers = [new Registry()]
  const [registry] = registers as [Registry]
  const seconds = new Histogram({
    name: 'overlay_request_seconds',
    help: 'Time from a request to its answer, long polls left out.',
    labelNames: ['route', 'status'],
    buckets: [0.002, 0.01, 0.05, 0.2, 1, 5],
    registers,
  })
  const admissions = new Counter({
    name: 'overlay_admissions_total',
    help: 'Transactions that changed a topic.',
    registers,
  })
  new Gauge({ name: 'overlay_feed_waiters', help: 'Feed requests that wait.', registers, collect: collectWaiting })
  new Gauge({
    name: 'overlay_outputs',
    help: 'Outputs by topic and state.',
    labelNames: ['topic', 'state'],
    registers,
    collect: collectOutputs,
  })

  function collectWaiting(this: Gauge): void {
    this.set(waiting())
  }
  function collectOutputs(this: Gauge<'topic' | 'state'>): void {
    for (const { topic, spent, count } of store.countOutputs()) {
      this.set({ topic, state: spent === 1 ? 'spent' : 'live' }, count)
    }
  }

  return {
    admitted: () => admissions.inc(),
    timeRequests: async (ctx, next) => {
      const stop = seconds.startTimer()
      await next()
      const route = ctx['_matchedRoute'] as unknown
      if (route !== '/events') stop({ route: typeof route === 'string' ? route : 'none', status: ctx.status })
    },
    route: async (ctx) => {
      ctx.set('Content-Type', registry.contentType)
      ctx.body = await registry.metrics()
    },
  }
}

export interface Metrics {
  /** A transaction was taken in. */
  readonly admitted: () => void
  readonly timeRequests: Middleware
  /** `GET /metrics` */
  readonly route: Middleware
}
