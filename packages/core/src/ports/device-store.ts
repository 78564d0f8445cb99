import type { DevicePlatform, IdentityKey } from '@overpost/protocol'

/** A device that its owner wants to be told of news on. */
export interface Device {
  /** Of this host's making, never used again. */
  readonly id: number
  /** What its owner calls it. */
  readonly name: string | null
  readonly platform: DevicePlatform | null
  /** What names the device to the push service. Whoever has it can push to it. */
  readonly token: string
  /** False once the push service said that it is gone. */
  readonly isActive: boolean
  readonly createdAtMs: number
  readonly updatedAtMs: number
  /** When it was last told something. */
  readonly lastUsedAtMs: number | null
}

/**
 * Where owners of boxes want to be told. Each call is atomic and durable when it resolves.
 * @throws {RelayError} ERR_UNAVAILABLE when the disk fails.
 */
export interface DeviceStore {
  /**
   * Keeps a device, active. A token is one device: registered again it keeps its id, and it goes to whoever registers it, since
   * the device has changed hands. `full`: the owner has `most` devices, of which this is none.
   */
  register(
    owner: IdentityKey,
    device: Pick<Device, 'token' | 'name' | 'platform'>,
    limits: { nowMs: number; most: number },
  ): Promise<number | 'full'>
  /** The owner's, oldest first. */
  list(owner: IdentityKey): Promise<Device[]>
  /** True when it was the owner's. */
  remove(owner: IdentityKey, id: number): Promise<boolean>
  /** Notes when devices were told something, or that they are gone. Those that were removed meanwhile are passed over. */
  note(
    told: readonly { readonly id: number; readonly token: string; readonly isGone: boolean }[],
    nowMs: number,
  ): Promise<void>
}
