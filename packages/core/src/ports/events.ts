import type { ForwardId, IdentityKey } from '@overpost/protocol'
import type { Destination, QuotaOutcome } from '../message.ts'

/** Business events, told to whoever logs and counts. Handlers return at once and never throw. */
export interface CoreEvents {
  accepted(event: { placements: number; duplicates: number; here: number; forwarded: number; unrouted: number }): void
  /** `again`: how many of `stored` that host had delivered here before, and sent again since they were lost. */
  received(event: { originHost: IdentityKey; stored: number; duplicates: number; refused: number; again: number }): void
  /** Messages were refused, of a user or of another host. */
  overQuota(event: { quota: QuotaOutcome; messages: number }): void
  /** Messages were removed from a box that keeps them no longer. */
  pruned(event: { messages: number }): void
  delivered(event: { destination: Destination; parcels: number; duplicates: number; ageMs: number }): void
  attemptFailed(event: { destination: Destination; parcels: number; failures: number; reason: string }): void
  parcelFailed(event: { destination: Destination | null; reason: string }): void
  /** Messages wait again for a host whose log began anew. */
  resent(event: { parcels: number }): void
  returned(event: { reason: string }): void
  delayed(event: { messages: number }): void
  rerouted(event: { destination: Destination; reason: string }): void
  routed(event: { recipient: IdentityKey; hosts: number; messages: number }): void
  lookupFailed(event: { recipient: IdentityKey; reason: string }): void
  feedFailed(event: { node: string; topic: string; error: unknown }): void
  published(event: { created: number; spent: number; txid: string }): void
  /** Adverts wait for tomorrow. */
  budgetUsed(event: { on: 'known' | 'newcomers'; waiting: number }): void
  handedOver(event: { destination: Destination; messages: number; left: number }): void
  roundFailed(event: {
    part: 'acknowledgements' | 'advertiser' | 'handover' | 'lane' | 'news' | 'notices' | 'resend' | 'retention'
    error: unknown
  }): void
  /** Devices that were told of news in one box. */
  pushed(event: { told: number; gone: number; failed: number }): void
  /**
   * What befell one message between two hosts, by the id that both know it by: its trace. Told of every message, beside the sums above:
   * whoever has no use for it returns at once.
   */
  traced(event: { step: TraceStep; forwardId: ForwardId; outcome: string }): void
}

/** At the sender's host: `accepted` and `routed` give the message its id, then it is `sent`; at the other it is `received`. */
export type TraceStep = 'accepted' | 'routed' | 'sent' | 'received'
