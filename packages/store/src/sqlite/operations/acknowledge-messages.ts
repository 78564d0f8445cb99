import type { MessageName } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'
import { acknowledgeListed, acknowledgeMessage, findMessage } from '../tables/messages.ts'
import type { WriterContext } from '../writer-context.ts'

/** Deletes an owner's messages, by what they are listed by or by their identity. Returns how many there were. */
export function acknowledgeMessages(
  context: WriterContext,
  input: { owner: IdentityKey; listedIds: readonly string[]; names: readonly MessageName[]; nowMs: number },
): number {
  const { owner, listedIds, names, nowMs } = input
  const ownerId = context.findIdentity(owner)
  if (ownerId === null) return 0
  let count = listedIds.length === 0 ? 0 : acknowledgeListed(context, ownerId, listedIds, nowMs)
  for (const name of names) {
    const { same } = findMessage(context, owner, name)
    if (same === null) continue
    acknowledgeMessage(context, same, nowMs)
    count += 1
  }
  return count
}
