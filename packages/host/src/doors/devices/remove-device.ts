import type { PeerState } from '@overpost/auth'
import type { DeviceStore } from '@overpost/core'
import { parseRemoveDevice, RelayError } from '@overpost/protocol'
import type { Middleware } from 'koa'
import { parseBody } from '../../http/parse-body.ts'

/** `POST /removeDevice` (ours): the caller's device is told of nothing any more. 404 ERR_NOT_FOUND when there is none. */
export function removeDevice(devices: Pick<DeviceStore, 'remove'>): Middleware<PeerState> {
  return async (ctx) => {
    const removed = await devices.remove(ctx.state.peer.identityKey, parseRemoveDevice(parseBody(ctx.state.rawBody)))
    if (!removed) throw new RelayError('ERR_NOT_FOUND', 'There is no such device.')
    ctx.body = { status: 'success' }
  }
}
