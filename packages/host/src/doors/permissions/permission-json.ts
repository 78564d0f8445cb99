import type { DeliveryRule } from '@overpost/core'
import { deliveryStatus, type PermissionJson } from '@overpost/protocol'

export function permissionJson({ box, sender, feeSatoshis, createdAtMs, updatedAtMs }: DeliveryRule): PermissionJson {
  const created = new Date(createdAtMs).toISOString()
  const updated = new Date(updatedAtMs).toISOString()
  return {
    sender,
    messageBox: box,
    message_box: box,
    recipientFee: feeSatoshis,
    recipient_fee: feeSatoshis,
    status: deliveryStatus(feeSatoshis),
    createdAt: created,
    created_at: created,
    updatedAt: updated,
    updated_at: updated,
  }
}
