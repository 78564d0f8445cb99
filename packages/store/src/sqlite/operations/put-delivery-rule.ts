import type { BoxName, IdentityKey } from '@overpost/protocol'
import type { WriterContext } from '../writer-context.ts'

/** Sets or takes away what an owner decided about a sender, or, when null, about a whole box (`PermissionStore.put`). */
export function putDeliveryRule(
  context: WriterContext,
  input: {
    owner: IdentityKey
    box: BoxName
    sender: IdentityKey | null
    feeSatoshis: number | null
    nowMs: number
    most: number
  },
): 'stored' | 'full' {
  const { owner, box, sender, feeSatoshis, nowMs, most } = input
  const ownerKey = Buffer.from(owner, 'hex')
  const senderKey = Buffer.from(sender ?? '', 'hex')
  if (feeSatoshis === null) {
    context
      .sql('DELETE FROM delivery_rules WHERE owner_key = ? AND box = ? AND sender_key = ?')
      .run(ownerKey, box, senderKey)
    return 'stored'
  }
  const changed = context
    .sql(
      'UPDATE delivery_rules SET fee_satoshis = ?, updated_at_ms = ? WHERE owner_key = ? AND box = ? AND sender_key = ?',
    )
    .run(BigInt(feeSatoshis), nowMs, ownerKey, box, senderKey).changes
  if (changed > 0) return 'stored'
  const [count = 0] =
    context.sql<[number]>('SELECT count(*) FROM delivery_rules WHERE owner_key = ?').get(ownerKey) ?? []
  if (count >= most) return 'full'
  context
    .sql(
      `INSERT INTO delivery_rules (owner_key, box, sender_key, fee_satoshis, created_at_ms, updated_at_ms)
       VALUES (?, ?, ?, ?, ?, ?)`,
    )
    .run(ownerKey, box, senderKey, BigInt(feeSatoshis), nowMs, nowMs)
  return 'stored'
}
