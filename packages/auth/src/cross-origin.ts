import type { Middleware } from 'koa'

/**
 * Lets web pages of any origin call this host, and see every header: the first middleware, so that refusals carry the
 * headers too. Answers `OPTIONS` with 200 by itself. Nothing here relies on cookies, so a wildcard opens nothing.
 */
export function crossOrigin(): Middleware {
  return async (ctx, next) => {
    const { res } = ctx
    res.setHeader('access-control-allow-origin', '*')
    res.setHeader('access-control-expose-headers', '*')
    if (ctx.req.method !== 'OPTIONS') {
      await next()
      return
    }
    // The wildcard for headers leaves `authorization` out (Fetch standard, section on CORS).
    ctx.set({
      'access-control-allow-headers': '*, authorization',
      'access-control-allow-methods': '*',
      'access-control-allow-private-network': 'true',
      'access-control-max-age': '86400',
    })
    ctx.status = 200
    ctx.body = ''
  }
}
