import type { PeerState } from '@overpost/auth'
import type { Clock, DeviceStore } from '@overpost/core'
import { parseRegisterDevice, RelayError } from '@overpost/protocol'
import type { Middleware } from 'koa'
import { parseBody } from '../../http/parse-body.ts'

export interface RegisterDeviceDeps {
  readonly devices: Pick<DeviceStore, 'register'>
  readonly clock: Clock
}

const mostDevices = 20

/** `POST /registerDevice`: a device of the caller's that wants to be told of news. Errors: docs/specs/devices.md. */
export function registerDevice({ devices, clock }: RegisterDeviceDeps): Middleware<PeerState> {
  return async (ctx) => {
    const device = parseRegisterDevice(parseBody(ctx.state.rawBody))
    const limits = { nowMs: clock.nowMs(), most: mostDevices }
    const id = await devices.register(ctx.state.peer.identityKey, device, limits)
    if (id === 'full') throw new RelayError('ERR_QUOTA_EXCEEDED', `At most ${mostDevices} devices are kept.`)
    ctx.body = { status: 'success', message: 'The device is registered.', deviceId: id }
  }
}
