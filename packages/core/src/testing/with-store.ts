import type { AppendOutcome } from '../message.ts'
import type { Arrival, Placement } from '../ports/mailbox-store.ts'
import type { OutboxClaim, ParcelBatch, UnroutedGroup } from '../ports/outbox-store.ts'
import type { Store } from '../ports/store.ts'
import { bob, fixtureNowMs, inbox } from './fixtures.ts'

/** A fresh store for each test of the current block. */
export function eachWithStore(open: () => Promise<Store>): () => Store {
  let store: Store | undefined
  beforeEach(async () => {
    store = await open()
  })
  afterEach(async () => {
    await store?.[Symbol.asyncDispose]()
    store = undefined
  })
  return () => {
    if (store === undefined) throw new Error('the store is open only while a test runs')
    return store
  }
}

/** What came of each placement. */
export async function accept(store: Store, placements: readonly Placement[]): Promise<AppendOutcome[]> {
  return (await store.mailboxes.accept(placements)).map(({ outcome }) => outcome)
}

export const largePage = { after: 0, limit: 1_000, maxBytes: 10_000_000, withProofs: true }

/** Bob's inbox as he sees it: `listed id: body`. */
export async function listing(store: Store, address = { owner: bob, box: inbox }): Promise<string[]> {
  const { messages } = await store.mailboxes.list(address, largePage)
  return messages.map(({ listedId, body }) => `${listedId}: ${body}`)
}

/** What became of what another host handed in, whatever is remembered for its receipts. */
export async function received(store: Store, arrivals: readonly Arrival[]): Promise<AppendOutcome[]> {
  return (await store.mailboxes.receive(arrivals)).map(({ outcome }) => outcome)
}

export const claimLimits = {
  nowMs: fixtureNowMs,
  longestWaitMs: 10 * fixtureNowMs,
  maxMessages: 100,
  maxBytes: 1_048_576,
}

/** Claims, and expects parcels. */
export async function claimParcels(store: Store, limits: Partial<typeof claimLimits> = {}): Promise<ParcelBatch> {
  const claim = await store.outbox.claim({ ...claimLimits, ...limits })
  if (claim?.kind !== 'parcels') throw new Error(`claimed ${claim?.kind ?? 'nothing'}, not parcels`)
  return claim.batch
}

/** Claims, and expects messages that look for a home. */
export async function claimUnrouted(store: Store, limits: Partial<typeof claimLimits> = {}): Promise<UnroutedGroup> {
  const claim = await store.outbox.claim({ ...claimLimits, ...limits })
  if (claim?.kind !== 'unrouted') throw new Error(`claimed ${claim?.kind ?? 'nothing'}, not unrouted messages`)
  return claim.group
}

/** What a claim holds, as text: `hosta: m1 m2`, `bob? m1`, or `nothing`. */
export function claimText(claim: OutboxClaim | null): string {
  if (claim === null) return 'nothing'
  if (claim.kind === 'unrouted')
    return `unrouted: ${claim.group.messages.map(({ message }) => message.messageId).join(' ')}`
  const { destination, parcels } = claim.batch
  const host = destination.origin.replace(/^https:\/\/|\.example$/g, '')
  return `${host}: ${parcels.map(({ message }) => message.messageId).join(' ')}`
}

/** Claims whatever is due until nothing is, in hand all at once. */
export async function claimAll(store: Store, limits: Partial<typeof claimLimits> = {}): Promise<OutboxClaim[]> {
  const claims: OutboxClaim[] = []
  for (;;) {
    const claim = await store.outbox.claim({ ...claimLimits, ...limits })
    if (claim === null) return claims
    claims.push(claim)
  }
}
