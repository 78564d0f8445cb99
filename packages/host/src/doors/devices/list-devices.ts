import type { PeerState } from '@overpost/auth'
import type { Device, DeviceStore } from '@overpost/core'
import type { DeviceJson } from '@overpost/protocol'
import type { Middleware } from 'koa'

const shownCharacters = 10

/** `GET /devices`: the caller's own devices. */
export function listDevices(devices: Pick<DeviceStore, 'list'>): Middleware<PeerState> {
  return async (ctx) => {
    ctx.body = { status: 'success', devices: (await devices.list(ctx.state.peer.identityKey)).map(toJson) }
  }
}

function toJson({ id, name, platform, token, isActive, createdAtMs, updatedAtMs, lastUsedAtMs }: Device): DeviceJson {
  return {
    id,
    deviceId: name,
    platform,
    fcmToken: `...${token.slice(-shownCharacters)}`,
    active: isActive,
    createdAt: new Date(createdAtMs).toISOString(),
    updatedAt: new Date(updatedAtMs).toISOString(),
    lastUsed: lastUsedAtMs === null ? null : new Date(lastUsedAtMs).toISOString(),
  }
}
