import type { IncomingMessage } from 'node:http'
import Router from '@koa/router'
import { crossOrigin, readRawBody, type MutualAuth, type PeerState, type RawBodyState } from '@overpost/auth'
import { operatorPaths, RelayError } from '@overpost/protocol'
import Koa, { type Middleware } from 'koa'
import type { Logger } from 'pino'
import { requestCounter, type Metrics, type RequestCounter } from '../metrics.ts'
import type { CallerLimits } from './caller-limits.ts'
import { errorAnswers, type RenderError } from './error-answers.ts'

export interface PipelineDeps {
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'requests' | 'requestSeconds'>
  readonly renderError: RenderError
  readonly auth: Pick<MutualAuth, 'middleware'>
  readonly limits: { readonly bodyBytes: number; readonly requestTimeoutMs: number }
  readonly callerLimits: Pick<CallerLimits, 'byAddress' | 'byCaller'>
  /** What anybody may GET, by path, however often: whoever watches a host asks most when it is in need. */
  readonly healthRoutes: Readonly<Record<string, Middleware>>
  /** What anybody may GET, by path. */
  readonly publicRoutes: Readonly<Record<string, Middleware>>
  /** The operator's calls; null: there is no operator. */
  readonly operator: Middleware<RawBodyState> | null
  /** Puts the doors' routes on a router; all of them are for authenticated callers. */
  readonly addRoutes: (routes: Router<PeerState>) => void
}

/**
 * The way of every request: id and metrics, CORS, health, the rate of its address, public routes; for the rest body limit, the operator's calls,
 * mutual authentication, the rate of its caller, route.
 */
export function createPipeline(deps: PipelineDeps): Koa {
  const { log, metrics, renderError, auth, limits, callerLimits, healthRoutes, publicRoutes, operator, addRoutes } =
    deps
  const router = new Router<PeerState>({ exclusive: true })
  addRoutes(router)
  const app = new Koa()
  // Whatever comes here was not caught: a connection that broke while an answer was sent, or a fault of the pipeline itself.
  app.on('error', (error: unknown) => log.debug({ err: error }, 'connection failed'))
  const paths = [
    ...Object.keys({ ...healthRoutes, ...publicRoutes }),
    '/.well-known/auth',
    ...(operator === null ? [] : Object.values(operatorPaths)),
    ...router.stack.map((layer) => String(layer.path)),
  ]
  app.use(observe(log, requestCounter(metrics, paths)))
  app.use(crossOrigin())
  app.use(errorAnswers(renderError))
  app.use(servePublic(healthRoutes))
  app.use(callerLimits.byAddress())
  app.use(servePublic(publicRoutes))
  app.use(readRawBody({ limitBytes: limits.bodyBytes, timeoutMs: limits.requestTimeoutMs }))
  if (operator !== null) app.use(operator)
  app.use(auth.middleware())
  app.use(callerLimits.byCaller())
  app.use(plainRoutes(router))
  app.use(router.routes())
  app.use(noRoute)
  return app
}

/** Gives each request an id, and counts it. What is not a route of ours is counted under one name, as there is no end to those. */
function observe(log: Logger, count: RequestCounter): Middleware {
  const start = `${process.pid.toString(36)}${Date.now().toString(36)}-`
  let requests = 0
  return async (ctx, next) => {
    const startedAtMs = performance.now()
    const requestId = start + (requests++).toString(36)
    ctx.res.setHeader('x-request-id', requestId)
    try {
      await next()
    } finally {
      const seconds = (performance.now() - startedAtMs) / 1000
      const path = pathOf(ctx.req)
      const status = ctx.res.statusCode
      count(path, status, seconds)
      if (log.isLevelEnabled('debug')) {
        log.debug({ requestId, address: ctx.ip, method: ctx.method, path, status, seconds }, 'answered')
      }
    }
  }
}

function servePublic(routes: Readonly<Record<string, Middleware>>): Middleware {
  const byPath = new Map(Object.entries(routes))
  return async (ctx, next) => {
    const route = byPath.get(pathOf(ctx.req))
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

/**
 * Routes without parameters, by a look into a map: the router tries all that it has, and puts their handlers together anew for each request.
 * What is none of them, or is spelled another way, is left to it.
 */
function plainRoutes(router: Router<PeerState>): Middleware<PeerState> {
  const handlers = new Map<string, Middleware<PeerState>>()
  for (const { path, paramNames, methods, stack } of router.stack) {
    const [handler, ...more] = stack as Middleware<PeerState>[]
    if (typeof path !== 'string' || paramNames.length > 0 || handler === undefined || more.length > 0) continue
    for (const method of methods) handlers.set(`${method} ${path}`, handler)
  }
  return async (ctx, next) => {
    const handler = handlers.get(`${ctx.req.method} ${pathOf(ctx.req)}`) ?? toNext
    await handler(ctx, next)
  }
}

const toNext: Middleware = (_, next) => next()

/** Koa's own parses the whole URL, which costs more than the rest of what is done here. */
function pathOf({ url = '/' }: IncomingMessage): string {
  const end = url.indexOf('?')
  return end < 0 ? url : url.slice(0, end)
}

const noRoute: Middleware = (ctx) => {
  const methods = (ctx as { matched?: { methods: string[] }[] }).matched?.flatMap((layer) => layer.methods) ?? []
  if (methods.length === 0) throw new RelayError('ERR_NOT_FOUND')
  ctx.set('allow', methods.join(', '))
  throw new RelayError('ERR_METHOD_NOT_ALLOWED')
}
