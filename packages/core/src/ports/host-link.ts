import type { CustodyPlace, ErrorCode, ForwardId, SignedHandover, SyncAcknowledgements } from '@overpost/protocol'
import type { Destination, Message } from '../message.ts'
import type { Parcel } from './outbox-store.ts'

/** What the other host said of one parcel. `code` is the other host's word, of our table or not. */
export type ParcelAnswer =
  | {
      readonly kind: 'stored'
      readonly duplicate: boolean
      /** What the host signed for it, checked; null: it gave none that holds. */
      readonly receipt: CustodyPlace | null
    }
  | { readonly kind: 'refused'; readonly status: number; readonly code: ErrorCode | (string & {}) }

/** What became of a call. */
export type CallAnswer =
  /** An answer per parcel, in order. */
  | {
      readonly kind: 'answered'
      readonly answers: readonly ParcelAnswer[]
      /** What the log of that host is called, if it says so. */
      readonly log?: string
    }
  /** The call as a whole was refused: status 400 or 413 may be for one bad parcel in it. */
  | { readonly kind: 'refused'; readonly status: number; readonly code: string; readonly retryAfterMs: number | null }
  /** No answer that can be believed: network, timeout, wrong key, an answer that does not verify. */
  | { readonly kind: 'unreachable'; readonly reason: string }

/** The way to other hosts. One call, its own quick retries included, ends within 30 s; never rejects. */
export interface HostLink {
  propagate(destination: Destination, parcels: readonly Parcel[], signal: AbortSignal): Promise<CallAnswer>
}

/** The way to a host that a user moves to. One call ends within 30 s; never rejects. */
export interface HandoverLink {
  /** Hands over what waits here: with their senders' envelopes where they have one, else on this host's word, with the sender's request if it is kept. */
  handOver(
    destination: Destination,
    handover: SignedHandover,
    messages: readonly { readonly message: Message; readonly forwardId: ForwardId }[],
    signal: AbortSignal,
  ): Promise<CallAnswer>
}

/** The way to hosts that are to hear that the log here began anew. Never rejects. */
export interface LogLink {
  /** `refused`: that host knows no such call. `failed`: not now. */
  tellLog(destination: Destination, log: string, signal: AbortSignal): Promise<'taken' | 'refused' | 'failed'>
}

/** The way to a user's other homes. Never rejects. */
export interface AcknowledgementLink {
  /** `refused`: that host will never take it. `failed`: not now. */
  syncAcknowledgements(
    destination: Destination,
    sync: SyncAcknowledgements,
    signal: AbortSignal,
  ): Promise<'taken' | 'refused' | 'failed'>
}
