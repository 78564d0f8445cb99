import type {
  Destination,
  DestinationState,
  OutboxCounts,
  OutboxStore,
  Parcel,
  ParcelEnd,
  Tracked,
  Unrouted,
  UnroutedEnd,
} from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'

/** What is due at `nowMs`. Nothing may be put off beyond `latestMs`: what is due later is due. */
export interface DueLimits {
  readonly nowMs: number
  readonly latestMs: number
  readonly maxMessages: number
}

/** The rows of an outbox as they stand, committed. Synchronous: claims are decided between two turns of nobody else. */
export interface OutboxRows {
  /** Destinations for which something waits, or which failed. Read once, at the start. */
  destinations(): Iterable<{ destination: Destination; state: DestinationState }>
  /** Recipients whose home is looked for. Read once, at the start. */
  recipients(): Iterable<IdentityKey>
  destinationState(destination: Destination): DestinationState
  /** When the first parcel for it is due, by its row; null when none waits. */
  nextParcelDueAtMs(destination: Destination): number | null
  /**
   * What is due by `nowMs`, longest due first, and then what is due after `latestMs`, within the limits (a first one that is too
   * large alone), then by age.
   */
  dueParcels(destination: Destination, limits: DueLimits & { maxBytes: number }): Parcel[]
  nextLookupAtMs(recipient: IdentityKey): number | null
  /** What is due by `nowMs`, longest due first, and then what is due after `latestMs`, up to the limit, then by age. */
  dueLookups(recipient: IdentityKey, limits: DueLimits): Unrouted[]
  counts(): OutboxCounts
  /** What can be delivered nowhere, oldest first. */
  undelivered(limit: number): Tracked[]
  /** As `OutboxStore.delayed`. */
  delayed(acceptedBeforeMs: number, limit: number): { messages: Tracked[]; upTo: number | null }
}

/** Ends of one claim on parcels. `state` is null when the destination stands as it did. */
export interface ParcelEnds {
  readonly destination: Destination
  readonly state: DestinationState | null
  readonly ends: readonly { readonly parcelId: number; readonly end: ParcelEnd; readonly again: boolean }[]
}

/** Ends of one claim on look-ups. */
export interface LookupEnds {
  readonly ends: readonly { readonly id: number; readonly end: UnroutedEnd }[]
}

/** What lanes have claimed, by the ids of parcels and of look-ups. */
export interface InHand {
  readonly parcels: readonly number[]
  readonly lookups: readonly number[]
}

/** Durable changes of the outbox. Each is atomic. Rows that are gone are passed over. */
export interface OutboxWrites extends Pick<OutboxStore, 'finishReturns' | 'finishDelays' | 'prune'> {
  /** As `OutboxStore.expire`, but for what is in somebody's hands. */
  expire(input: { readonly acceptedBeforeMs: number; readonly inHand: InHand }): Promise<boolean>
  finishParcels(ends: ParcelEnds): Promise<void>
  finishUnrouted(ends: LookupEnds): Promise<void>
}
