import Router from '@koa/router'
import { crossOrigin, readRawBody, type MutualAuth, type PeerState } from '@overpost/auth'
import { RelayError } from '@overpost/protocol'
import Koa, { type Middleware } from 'koa'
import type { Logger } from 'pino'
import type { Metrics } from '../metrics.ts'
import { errorAnswers, type RenderError } from './error-answers.ts'

export interface PipelineDeps {
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'requests' | 'requestSeconds'>
  readonly renderError: RenderError
  readonly auth: Pick<MutualAuth, 'middleware'>
  readonly limits: { readonly bodyBytes: number; readonly requestTimeoutMs: number }
  /** What anybody may GET, by path. */
  readonly publicRoutes: Readonly<Record<string, Middleware>>
  /** Puts the doors' routes on a router; all of them are for authenticated callers. */
  readonly addRoutes: (routes: Router<PeerState>) => void
}

/** The way of every request: id and metrics, CORS, public routes; for the rest body limit, mutual authentication, route. */
export function createPipeline(deps: PipelineDeps): Koa {
  const { log, metrics, renderError, auth, limits, publicRoutes, addRoutes } = deps
  const router = new Router<PeerState>({ exclusive: true })
  addRoutes(router)
  const app = new Koa()
  // Whatever comes here was not caught: a connection that broke while an answer was sent, or a fault of the pipeline itself.
  app.on('error', (error: unknown) => log.debug({ err: error }, 'connection failed'))
  app.use(observe(log, metrics, new Set(router.stack.map((layer) => String(layer.path)))))
  app.use(crossOrigin())
  app.use(errorAnswers(renderError))
  app.use(servePublic(publicRoutes))
  app.use(readRawBody({ limitBytes: limits.bodyBytes, timeoutMs: limits.requestTimeoutMs }))
  app.use(auth.middleware())
  app.use(router.routes())
  app.use(noRoute)
  return app
}

/** Gives each request an id, and counts it. What is not a route of ours is counted under one name, as there is no end to those. */
function observe(
  log: Logger,
  { requests, requestSeconds }: PipelineDeps['metrics'],
  routes: ReadonlySet<string>,
): Middleware {
  const start = `${process.pid.toString(36)}${Date.now().toString(36)}-`
  let count = 0
  return async (ctx, next) => {
    const startedAtMs = performance.now()
    const requestId = start + (count++).toString(36)
    ctx.res.setHeader('x-request-id', requestId)
    try {
      await next()
    } finally {
      const seconds = (performance.now() - startedAtMs) / 1000
      const { path, status } = ctx
      requests.inc({ route: routes.has(path) || path === '/.well-known/auth' ? path : 'other', status })
      requestSeconds.observe(seconds)
      if (log.isLevelEnabled('debug')) log.debug({ requestId, method: ctx.method, path, status, seconds }, 'answered')
    }
  }
}

function servePublic(routes: Readonly<Record<string, Middleware>>): Middleware {
  const byPath = new Map(Object.entries(routes))
  return async (ctx, next) => {
    const route = byPath.get(ctx.path)
    if (route === undefined) {
      await next()
      return
    }
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
      ctx.set('allow', 'GET')
      throw new RelayError('ERR_METHOD_NOT_ALLOWED')
    }
    await route(ctx, next)
  }
}

const noRoute: Middleware = (ctx) => {
  const methods = (ctx as { matched?: { methods: string[] }[] }).matched?.flatMap((layer) => layer.methods) ?? []
  if (methods.length === 0) throw new RelayError('ERR_NOT_FOUND')
  ctx.set('allow', methods.join(', '))
  throw new RelayError('ERR_METHOD_NOT_ALLOWED')
}
