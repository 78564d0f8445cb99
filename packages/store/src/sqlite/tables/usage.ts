import type { Quota } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'
import { QuotaTally } from '../../rules/quota-tally.ts'
import type { WriterContext } from '../writer-context.ts'

/** What still fits of one send, by what waits now; all of it when `quotas` is null. */
export function quotaTally(context: WriterContext, quotas = context.quotas): QuotaTally {
  return new QuotaTally(quotas, {
    mailbox: (owner) => usageOf(context, owner, 'SELECT box_messages, box_bytes FROM usage WHERE identity_id = ?'),
    sender: (sender) =>
      usageOf(context, sender, 'SELECT outgoing_messages, outgoing_bytes FROM usage WHERE identity_id = ?'),
  })
}

/** Whether a host, by its number, may make this one remember another forward id. */
export function hasRoomForMemory(context: WriterContext, originId: number): boolean {
  if (context.quotas === null) return true
  const row = context.sql<[number]>('SELECT memories FROM usage WHERE identity_id = ?').get(originId)
  return (row?.[0] ?? 0) < context.quotas.memoriesPerOrigin
}

function usageOf(context: WriterContext, key: IdentityKey, sql: string): Quota {
  const id = context.findIdentity(key)
  const row = id === null ? undefined : context.sql<[number, number]>(sql).get(id)
  return { messages: row?.[0] ?? 0, bytes: row?.[1] ?? 0 }
}
