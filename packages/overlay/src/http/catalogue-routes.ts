import { RelayError } from '@overpost/protocol'
import type { Middleware } from 'koa'
import type { OverlayEngine } from '../overlay-engine.ts'

/** `GET /listTopicManagers`: name -> metadata. */
export function listTopicManagers(engine: OverlayEngine): Middleware {
  return async (ctx) => {
    ctx.body = await engine.listTopicManagers()
  }
}

/** `GET /listLookupServiceProviders`: name -> metadata. */
export function listLookupServiceProviders(engine: OverlayEngine): Middleware {
  return async (ctx) => {
    ctx.body = await engine.listLookupServiceProviders()
  }
}

/** `GET /getDocumentationForTopicManager?manager=`: Markdown. Errors: 404. */
export function topicManagerDocumentation(engine: OverlayEngine): Middleware {
  return async (ctx) => {
    const manager = engine.managers[String(ctx.query['manager'] ?? '')]
    if (manager === undefined) throw new RelayError('ERR_NOT_FOUND', 'There is no such topic manager here.')
    ctx.type = 'text/markdown'
    ctx.body = await manager.getDocumentation()
  }
}

/** `GET /getDocumentationForLookupServiceProvider?lookupService=`: Markdown. Errors: 404. */
export function lookupServiceDocumentation(engine: OverlayEngine): Middleware {
  return async (ctx) => {
    const service = engine.lookupServices[String(ctx.query['lookupService'] ?? '')]
    if (service === undefined) throw new RelayError('ERR_NOT_FOUND', 'There is no such lookup service here.')
    ctx.type = 'text/markdown'
    ctx.body = await service.getDocumentation()
  }
}
