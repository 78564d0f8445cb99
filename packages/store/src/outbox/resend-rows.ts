import type { Destination, ResendStore } from '@overpost/core'
import type { ClaimingOutboxStore } from './claiming-outbox-store.ts'

/** What one step made to go again, and where something may be due at another time than it was. */
export interface ResentSome {
  readonly parcels: number
  readonly destinations: readonly Destination[]
  readonly isMoreLeft: boolean
}

/** An adapter's part of a {@link ResendStore}. */
export interface ResendRows extends Omit<ResendStore, 'resendSome'> {
  resendSome(nowMs: number): Promise<ResentSome>
}

/** Resends of an outbox whose claims are in this process: lanes hear of what waits again. */
export function claimingResendStore(rows: ResendRows, outbox: ClaimingOutboxStore): ResendStore {
  return {
    noteLog: (hostKey, log, by) => rows.noteLog(hostKey, log, by),
    async resendSome(nowMs) {
      const { parcels, destinations, isMoreLeft } = await rows.resendSome(nowMs)
      outbox.noteChanged(destinations, [])
      return { parcels, isMoreLeft }
    },
    dueNews: (nowMs, limit) => rows.dueNews(nowMs, limit),
    nextNewsAtMs: () => rows.nextNewsAtMs(),
    finishNews: (id, atMs) => rows.finishNews(id, atMs),
  }
}
