import type { PeerState } from '@overpost/auth'
import type { Permissions } from '@overpost/core'
import { parseGetPermission, type IdentityKey } from '@overpost/protocol'
import type { Middleware } from 'koa'
import { permissionJson } from './permission-json.ts'

export interface GetPermissionDeps {
  readonly permissions: Pick<Permissions, 'find'>
  readonly isPublicKey: (key: IdentityKey) => boolean
}

/** `GET /permissions/get`: what the caller decided about one sender, or about a box; null when nothing. */
export function getPermission({ permissions, isPublicKey }: GetPermissionDeps): Middleware<PeerState> {
  return async (ctx) => {
    const rule = await permissions.find(ctx.state.peer.identityKey, parseGetPermission(ctx.query, isPublicKey))
    ctx.body = {
      status: 'success',
      description: rule === null ? 'Nothing was decided.' : 'This was decided.',
      permission: rule === null ? null : permissionJson(rule),
    }
  }
}
