import {
  custodyBodyHash,
  custodyLeaf,
  type Custody,
  type CustodyMessage,
  type ForwardId,
  type Hasher,
  type IdentityKey,
} from '@overpost/protocol'
import type { Message } from './message.ts'
import type { Arrival } from './ports/mailbox-store.ts'

/** A message as `originHost` handed it to another host, for that host's receipt. */
export function custodyMessage(
  { recipient, box, sender, messageId, body }: Message,
  { originHost, forwardId }: { readonly originHost: IdentityKey; readonly forwardId: ForwardId },
  hasher: Hasher,
): CustodyMessage {
  return { originHost, forwardId, recipient, box, sender, messageId, bodyHash: custodyBodyHash(body, hasher) }
}

/** With the leaf of a message that is stored now. */
export function withLeaf(arrival: Omit<Arrival, 'leaf'>, hasher: Hasher): Arrival {
  const message = custodyMessage(arrival.message, arrival, hasher)
  return { ...arrival, leaf: custodyLeaf(message, arrival.receivedAtMs, hasher) }
}

/**
 * What this host can sign for: what it remembers of the forward id, when that is of this very message. Whoever hands in
 * something else under a forward id that came before gets nothing to show for it.
 */
export function custodyOf(arrival: Arrival, remembered: Custody | null, hasher: Hasher): Custody | null {
  if (remembered === null || remembered.leaf === arrival.leaf) return remembered
  const { leaf } = withLeaf({ ...arrival, receivedAtMs: remembered.storedAtMs }, hasher)
  return leaf === remembered.leaf ? remembered : null
}
