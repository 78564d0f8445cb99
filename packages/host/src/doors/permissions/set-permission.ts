import type { PeerState } from '@overpost/auth'
import type { Permissions } from '@overpost/core'
import { deliveryStatus, parseSetPermission, type IdentityKey } from '@overpost/protocol'
import type { Middleware } from 'koa'
import { parseBody } from '../../http/parse-body.ts'

export interface SetPermissionDeps {
  readonly permissions: Pick<Permissions, 'put'>
  readonly isPublicKey: (key: IdentityKey) => boolean
}

/**
 * `POST /permissions/set`: what the caller decides about a sender, or about all of a box. What is sent once this is answered
 * goes by it. Errors: docs/specs/permissions.md.
 */
export function setPermission({ permissions, isPublicKey }: SetPermissionDeps): Middleware<PeerState> {
  return async (ctx) => {
    const rule = parseSetPermission(parseBody(ctx.state.rawBody), isPublicKey)
    await permissions.put(ctx.state.peer.identityKey, rule)
    const { box, sender, feeSatoshis } = rule
    const whom = sender ?? 'everybody else'
    const what = feeSatoshis === null ? 'no rule' : deliveryStatus(feeSatoshis)
    ctx.body = { status: 'success', description: `From now on ${whom} has in ${box}: ${what}.` }
  }
}
