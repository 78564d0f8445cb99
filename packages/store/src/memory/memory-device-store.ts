import type { Device, DeviceStore } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'

/** Devices, gone with the process. */
export class MemoryDeviceStore implements DeviceStore {
  readonly #byToken = new Map<string, Device & { readonly owner: IdentityKey }>()
  #lastId = 0

  register(
    owner: IdentityKey,
    { token, name, platform }: Pick<Device, 'token' | 'name' | 'platform'>,
    { nowMs, most }: { nowMs: number; most: number },
  ): Promise<number | 'full'> {
    const before = this.#byToken.get(token)
    if (before?.owner !== owner && this.#of(owner).length >= most) return Promise.resolve('full')
    const id = before?.id ?? (this.#lastId += 1)
    const times = { createdAtMs: before?.createdAtMs ?? nowMs, updatedAtMs: nowMs }
    const lastUsedAtMs = before?.lastUsedAtMs ?? null
    this.#byToken.set(token, { owner, id, name, platform, token, isActive: true, ...times, lastUsedAtMs })
    return Promise.resolve(id)
  }

  list(owner: IdentityKey): Promise<Device[]> {
    return Promise.resolve(this.#of(owner))
  }

  remove(owner: IdentityKey, id: number): Promise<boolean> {
    const found = this.#of(owner).find((device) => device.id === id)
    if (found !== undefined) this.#byToken.delete(found.token)
    return Promise.resolve(found !== undefined)
  }

  note(told: Parameters<DeviceStore['note']>[0], nowMs: number): Promise<void> {
    for (const { id, token, isGone } of told) {
      const device = this.#byToken.get(token)
      if (device?.id !== id) continue
      this.#byToken.set(token, isGone ? { ...device, isActive: false } : { ...device, lastUsedAtMs: nowMs })
    }
    return Promise.resolve()
  }

  #of(owner: IdentityKey): Device[] {
    return [...this.#byToken.values()]
      .filter((device) => device.owner === owner)
      .map(({ owner: _, ...device }) => device)
      .sort((a, b) => a.id - b.id)
  }
}
