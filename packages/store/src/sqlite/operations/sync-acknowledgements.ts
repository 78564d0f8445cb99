import type { MessageName } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'
import { expectAcknowledged, trimAwaited } from '../tables/awaited.ts'
import { acknowledgeMessage, findMessage } from '../tables/messages.ts'
import type { WriterContext } from '../writer-context.ts'

/** Acknowledges what the owner signed for elsewhere, and expects the rest (`AcknowledgementStore.acknowledgeElsewhere`). */
export function acknowledgeElsewhere(
  context: WriterContext,
  { owner, names, nowMs }: { owner: IdentityKey; names: readonly MessageName[]; nowMs: number },
): number {
  let count = 0
  for (const name of names) {
    const { same } = findMessage(context, owner, name)
    if (same === null) {
      expectAcknowledged(context, owner, name, nowMs)
    } else {
      acknowledgeMessage(context, same, nowMs)
      count += 1
    }
  }
  if (count < names.length) trimAwaited(context, owner)
  return count
}

/** Marks what another host says was acknowledged there (`AcknowledgementStore.markElsewhere`). */
export function markElsewhere(
  context: WriterContext,
  { owner, names }: { owner: IdentityKey; names: readonly MessageName[] },
): number {
  let count = 0
  for (const name of names) {
    const { same } = findMessage(context, owner, name)
    if (same === null) continue
    context.sql('UPDATE messages SET elsewhere = 1 WHERE id = ? << 32 | ?').run(same.mailboxId, same.sequence)
    count += 1
  }
  return count
}
