import Router from '@koa/router'
import { RelayError } from '@overpost/protocol'
import Koa from 'koa'
import type { Logger } from 'pino'
import type { EventFeed } from '../event-feed.ts'
import type { Metrics } from '../metrics.ts'
import type { OverlayEngine } from '../overlay-engine.ts'
import { arcIngest } from './arc-ingest-route.ts'
import {
  listLookupServiceProviders,
  listTopicManagers,
  lookupServiceDocumentation,
  topicManagerDocumentation,
} from './catalogue-routes.ts'
import { cors } from './cors.ts'
import { errorAnswers } from './error-answers.ts'
import { eventsRoute } from './events-route.ts'
import { requestForeignGaspNode, requestSyncResponse } from './gasp-routes.ts'
import { healthLive, healthReport, type HealthReport } from './health-routes.ts'
import { lookupRoute } from './lookup-route.ts'
import { submitRoute, type SubmitLimits } from './submit-route.ts'

export interface OverlayAppParts {
  readonly engine: OverlayEngine
  readonly feed: EventFeed
  /** Told of transactions that ARC has bad news of. */
  readonly suspect: (txid: string) => void
  readonly metrics: Metrics
  readonly health: () => Promise<HealthReport>
  readonly limits: SubmitLimits
  readonly log: Logger
}

/** The HTTP surface of an overlay node (overlay.md section 2, and the feed of section 8). */
export function overlayApp({ engine, feed, suspect, metrics, health, limits, log }: OverlayAppParts): Koa {
  const router = new Router()
    .post('/submit', submitRoute(engine, limits))
    .post('/lookup', lookupRoute(engine))
    .get('/listTopicManagers', listTopicManagers(engine))
    .get('/listLookupServiceProviders', listLookupServiceProviders(engine))
    .get('/getDocumentationForTopicManager', topicManagerDocumentation(engine))
    .get('/getDocumentationForLookupServiceProvider', lookupServiceDocumentation(engine))
    .post('/requestSyncResponse', requestSyncResponse(engine))
    .post('/requestForeignGASPNode', requestForeignGaspNode(engine))
    .post('/arc-ingest', arcIngest(engine, suspect))
    .get(
      '/events',
      eventsRoute(feed, (topic) => engine.managers[topic] !== undefined),
    )
    .get('/health', healthReport(health))
    .get('/health/live', healthLive())
    .get('/health/ready', healthReport(health))
    .get('/metrics', metrics.route)

  const app = new Koa()
  app.on('error', (error: unknown) => log.debug({ err: error }, 'connection failed'))
  app.use(metrics.timeRequests)
  app.use(errorAnswers(log))
  app.use(cors())
  app.use(async (ctx, next) => {
    await next()
    if (ctx.body !== undefined) return
    if (ctx.status === 404) throw new RelayError('ERR_NOT_FOUND')
    if (ctx.status === 405 || ctx.status === 501) throw new RelayError('ERR_METHOD_NOT_ALLOWED')
  })
  app.use(router.routes())
  app.use(router.allowedMethods())
  return app
}
