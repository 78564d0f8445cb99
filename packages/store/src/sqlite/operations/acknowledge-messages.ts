import type { MessageName } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'
import { acknowledgeMessage, findListed, findMessage, type MessageRow } from '../tables/messages.ts'
import type { WriterContext } from '../writer-context.ts'

/** Deletes an owner's messages, by what they are listed by or by their identity. Returns how many there were. */
export function acknowledgeMessages(
  context: WriterContext,
  input: { owner: IdentityKey; listedIds: readonly string[]; names: readonly MessageName[]; nowMs: number },
): number {
  const { owner, listedIds, names, nowMs } = input
  const ownerId = context.findIdentity(owner)
  if (ownerId === null) return 0
  let count = 0
  for (const listedId of listedIds) count += acknowledge(context, findListed(context, ownerId, listedId), nowMs)
  for (const name of names) count += acknowledge(context, findMessage(context, owner, name).same, nowMs)
  return count
}

function acknowledge(context: WriterContext, row: MessageRow | null, nowMs: number): number {
  if (row === null) return 0
  acknowledgeMessage(context, row, nowMs)
  return 1
}
