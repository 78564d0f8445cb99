import type { Device, DeviceStore } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'
import type { WriterContext } from '../writer-context.ts'

/** `DeviceStore.register`. */
export function registerDevice(
  context: WriterContext,
  input: Pick<Device, 'token' | 'name' | 'platform'> & { owner: IdentityKey; nowMs: number; most: number },
): number | 'full' {
  const { owner, token, name, platform, nowMs, most } = input
  const ownerKey = Buffer.from(owner, 'hex')
  const before = context.sql<[number, Buffer]>('SELECT id, owner_key FROM devices WHERE token = ?').get(token)
  if (before === undefined || !before[1].equals(ownerKey)) {
    const [count = 0] = context.sql<[number]>('SELECT count(*) FROM devices WHERE owner_key = ?').get(ownerKey) ?? []
    if (count >= most) return 'full'
  }
  if (before !== undefined) {
    context
      .sql('UPDATE devices SET owner_key = ?, name = ?, platform = ?, is_active = 1, updated_at_ms = ? WHERE id = ?')
      .run(ownerKey, name, platform, nowMs, before[0])
    return before[0]
  }
  const made = context
    .sql(
      `INSERT INTO devices (owner_key, token, name, platform, is_active, created_at_ms, updated_at_ms)
       VALUES (?, ?, ?, ?, 1, ?, ?)`,
    )
    .run(ownerKey, token, name, platform, nowMs, nowMs)
  return Number(made.lastInsertRowid)
}

/** `DeviceStore.remove`. */
export function removeDevice(context: WriterContext, { owner, id }: { owner: IdentityKey; id: number }): boolean {
  const sql = 'DELETE FROM devices WHERE id = ? AND owner_key = ?'
  return context.sql(sql).run(id, Buffer.from(owner, 'hex')).changes > 0
}

/** `DeviceStore.note`. */
export function noteDevices(
  context: WriterContext,
  { told, nowMs }: { told: Parameters<DeviceStore['note']>[0]; nowMs: number },
): void {
  const gone = context.sql('UPDATE devices SET is_active = 0 WHERE id = ? AND token = ?')
  const used = context.sql('UPDATE devices SET last_used_at_ms = ? WHERE id = ? AND token = ?')
  for (const { id, token, isGone } of told) {
    if (isGone) gone.run(id, token)
    else used.run(nowMs, id, token)
  }
}
