import { keepMessage } from '../tables/messages.ts'
import type { WriterContext } from '../writer-context.ts'

/** Marks guests' copies as shown to their owner. Returns the sequences of those that are still there. */
export function markListed(
  context: WriterContext,
  { mailboxId, sequences }: { mailboxId: number; sequences: readonly number[] },
): number[] {
  return sequences.filter((sequence) => keepMessage(context, { mailboxId, sequence }))
}
