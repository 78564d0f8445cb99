import type { Destination, QueueChange, QueueStore } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'
import type { ClaimingOutboxStore } from './claiming-outbox-store.ts'

/** When a message is due that is held. */
export const heldUntilMs = Number.MAX_SAFE_INTEGER
/** Why a message is given up that an operator gives up. */
export const operatorReason = 'ERR_RETURNED_BY_OPERATOR'

/** Where something may be due at another time than it was. */
export interface QueueChanged {
  readonly changed: number
  readonly destinations: readonly Destination[]
  readonly recipients: readonly IdentityKey[]
}

/** An adapter's part of a {@link QueueStore}. */
export interface QueueRows extends Omit<QueueStore, 'change'> {
  change(ids: readonly number[], change: QueueChange, nowMs: number): Promise<QueueChanged>
}

/** The queue of an outbox whose claims are in this process: lanes hear of what changed. */
export function claimingQueueStore(rows: QueueRows, outbox: ClaimingOutboxStore): QueueStore {
  return {
    byDestination: (ask) => rows.byDestination(ask),
    list: (ask) => rows.list(ask),
    find: (id) => rows.find(id),
    async change(ids, change, nowMs) {
      const { changed, destinations, recipients } = await rows.change(ids, change, nowMs)
      outbox.noteChanged(destinations, recipients)
      if (change === 'retry') for (const { hostKey } of destinations) await outbox.wake(hostKey, nowMs)
      return changed
    },
  }
}
