import type { IdentityKey } from '@overpost/protocol'
import type { MessageRef } from '../message.ts'

/** What a handle stands for. `gone`: a repeat of what waited no longer when it came. */
export interface Handled extends Omit<MessageRef, 'kind'> {
  readonly kind: MessageRef['kind'] | 'gone'
}

/**
 * Makes handles, by which senders ask for the messages that they handed in. A handle is text for URLs and shells, says nothing
 * to anybody else, is the same for the same message, and holds for one sender and one store, across restarts.
 */
export interface HandleSeal {
  seal(handled: Handled, sender: IdentityKey): string
  /** Null for everything that {@link seal} did not make for this sender. */
  open(handle: string, sender: IdentityKey): Handled | null
}
