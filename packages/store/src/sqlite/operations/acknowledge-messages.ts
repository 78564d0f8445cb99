import type { MessageName } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'
import { acknowledgeMessage, findListed, findMessage } from '../tables/messages.ts'
import type { WriterContext } from '../writer-context.ts'

/** Deletes an owner's messages, by what they are listed by or by their identity. Returns how many there were. */
export function acknowledgeMessages(
  context: WriterContext,
  input: { owner: IdentityKey; listedIds: readonly string[]; names: readonly MessageName[] },
): number {
  const { owner, listedIds, names } = input
  const ownerId = context.findIdentity(owner)
  if (ownerId === null) return 0
  let count = 0
  for (const listedId of listedIds) count += acknowledge(context, findListed(context, ownerId, listedId))
  for (const name of names) count += acknowledge(context, findMessage(context, owner, name).same)
  return count
}

function acknowledge(context: WriterContext, row: Parameters<typeof acknowledgeMessage>[1] | null): number {
  if (row === null) return 0
  acknowledgeMessage(context, row)
  return 1
}
