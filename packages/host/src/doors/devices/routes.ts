import type KoaRouter from '@koa/router'
import type { PeerState } from '@overpost/auth'
import type { Clock, DeviceStore } from '@overpost/core'
import { listDevices } from './list-devices.ts'
import { registerDevice } from './register-device.ts'
import { removeDevice } from './remove-device.ts'

/** Devices of the caller's that are told of news (relay-http.md section 3). */
export function deviceRoutes(routes: KoaRouter<PeerState>, deps: { devices: DeviceStore; clock: Clock }): void {
  routes.post('/registerDevice', registerDevice(deps))
  routes.get('/devices', listDevices(deps.devices))
  routes.post('/removeDevice', removeDevice(deps.devices))
}
