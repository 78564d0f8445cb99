import type { Middleware } from 'koa'

/** Browsers of every origin may call: there are no cookies, and nothing here depends on who calls. */
export function cors(): Middleware {
  return async (ctx, next) => {
    ctx.set('Access-Control-Allow-Origin', '*')
    ctx.set('Access-Control-Expose-Headers', '*')
    if (ctx.method !== 'OPTIONS') {
      await next()
      return
    }
    ctx.set('Access-Control-Allow-Methods', 'GET, POST, OPTIONS')
    ctx.set('Access-Control-Allow-Headers', '*, Authorization')
    ctx.set('Access-Control-Max-Age', '86400')
    ctx.status = 204
  }
}
