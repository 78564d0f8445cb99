import type { Device, DeviceStore } from '@overpost/core'
import type { DevicePlatform, IdentityKey } from '@overpost/protocol'
import type { ReaderContext } from './reader-context.ts'
import type { Writer } from './writer/group-commit.ts'

type DeviceRow = [
  id: number,
  name: string | null,
  platform: DevicePlatform | null,
  token: string,
  isActive: number,
  createdAtMs: number,
  updatedAtMs: number,
  lastUsedAtMs: number | null,
]

/** Devices in SQLite. */
export class SqliteDeviceStore implements DeviceStore {
  readonly #reader: ReaderContext
  readonly #writer: Writer

  constructor(reader: ReaderContext, writer: Writer) {
    this.#reader = reader
    this.#writer = writer
  }

  register(
    owner: IdentityKey,
    { token, name, platform }: Pick<Device, 'token' | 'name' | 'platform'>,
    { nowMs, most }: { nowMs: number; most: number },
  ): Promise<number | 'full'> {
    return this.#writer.run('registerDevice', { owner, token, name, platform, nowMs, most })
  }

  list(owner: IdentityKey): Promise<Device[]> {
    const sql = `SELECT id, name, platform, token, is_active, created_at_ms, updated_at_ms, last_used_at_ms
       FROM devices WHERE owner_key = ? ORDER BY id`
    return new Promise((resolve) => {
      const rows = this.#reader.read(() => this.#reader.sql<DeviceRow>(sql).all(Buffer.from(owner, 'hex')))
      resolve(rows.map(decode))
    })
  }

  remove(owner: IdentityKey, id: number): Promise<boolean> {
    return this.#writer.run('removeDevice', { owner, id })
  }

  note(told: Parameters<DeviceStore['note']>[0], nowMs: number): Promise<void> {
    return this.#writer.run('noteDevices', { told, nowMs })
  }
}

function decode([id, name, platform, token, isActive, createdAtMs, updatedAtMs, lastUsedAtMs]: DeviceRow): Device {
  return { id, name, platform, token, isActive: isActive === 1, createdAtMs, updatedAtMs, lastUsedAtMs }
}
