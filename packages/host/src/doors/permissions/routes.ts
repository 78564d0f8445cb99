import type KoaRouter from '@koa/router'
import type { PeerState } from '@overpost/auth'
import type { Permissions } from '@overpost/core'
import { getPermission, type GetPermissionDeps } from './get-permission.ts'
import { listPermissions } from './list-permissions.ts'
import { quote } from './quote.ts'
import { setPermission } from './set-permission.ts'

export type PermissionsDeps = Pick<GetPermissionDeps, 'isPublicKey'> & { readonly permissions: Permissions }

/** Who may send to the caller's boxes, and what it costs to send to others (relay-http.md section 3). */
export function permissionsRoutes(routes: KoaRouter<PeerState>, deps: PermissionsDeps): void {
  routes.post('/permissions/set', setPermission(deps))
  routes.get('/permissions/get', getPermission(deps))
  routes.get('/permissions/list', listPermissions(deps.permissions))
  routes.get('/permissions/quote', quote(deps))
}
