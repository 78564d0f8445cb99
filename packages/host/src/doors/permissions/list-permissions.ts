import type { PeerState } from '@overpost/auth'
import type { Permissions } from '@overpost/core'
import { parseListPermissions } from '@overpost/protocol'
import type { Middleware } from 'koa'
import { permissionJson } from './permission-json.ts'

/** `GET /permissions/list`: the caller's rules, of one box or of all, page by page. */
export function listPermissions(permissions: Pick<Permissions, 'list'>): Middleware<PeerState> {
  return async (ctx) => {
    const { rules, total } = await permissions.list(ctx.state.peer.identityKey, parseListPermissions(ctx.query))
    ctx.body = { status: 'success', permissions: rules.map(permissionJson), totalCount: total }
  }
}
