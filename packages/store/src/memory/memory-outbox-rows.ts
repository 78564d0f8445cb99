import type { Destination, DestinationState, OutboxCounts, Parcel, Unrouted } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'
import { heldUntilMs } from '../outbox/queue-rows.ts'
import { wireBytes } from '../rules/wire-bytes.ts'
import type { DueLimits, LookupEnds, OutboxRows, OutboxWrites, ParcelEnds } from '../outbox/outbox-rows.ts'
import type { MemoryMailboxStore } from './memory-mailbox-store.ts'
import { recordOf } from './memory-message-records.ts'
import type { KeptParcel, MemoryOutgoing } from './memory-outgoing.ts'

type Returns = Pick<MemoryMailboxStore, 'acceptNotice' | 'forgetEnvelope'>

/** Rows and writes over {@link MemoryOutgoing}. Much is found by looking at everything: for tests that is enough. */
export function memoryOutbox(outgoing: MemoryOutgoing, mailboxes: () => Returns): OutboxRows & OutboxWrites {
  const waitingFor = (destination: Destination): KeptParcel[] =>
    [...outgoing.waitingFor(destination)].toSorted((a, b) => a.dueAtMs - b.dueAtMs || a.id - b.id)

  const lookupsFor = (recipient: IdentityKey): { row: Unrouted; atMs: number }[] =>
    [...outgoing.all()]
      .flatMap(({ id, message, acceptedAtMs, lookup, copy, home, lookups: attempts }) => {
        if (lookup === null || message.recipient !== recipient) return []
        const { box, sender, messageId } = message
        const named = { recipient, box, sender, messageId }
        const unverified = message.envelope !== null && copy === null && home === null ? message : null
        const isHome = home !== null
        return [{ row: { id, message: named, acceptedAtMs, unverified, isHome, attempts }, atMs: lookup.atMs }]
      })
      .toSorted((a, b) => a.atMs - b.atMs || a.row.id - b.row.id)

  let toldUpTo = 0

  return {
    // A new store has no rows.
    destinations: () => [],
    recipients: () => [],
    destinationState: (destination): DestinationState => outgoing.stateOf(destination),
    nextParcelDueAtMs: (destination) => unlessHeld(waitingFor(destination)[0]?.dueAtMs),
    nextLookupAtMs: (recipient) => unlessHeld(lookupsFor(recipient)[0]?.atMs),

    dueParcels(destination, { maxMessages, maxBytes, ...times }): Parcel[] {
      const taken: KeptParcel[] = []
      let bytes = 0
      for (const parcel of waitingFor(destination).filter(({ dueAtMs }) => isDue(dueAtMs, times))) {
        bytes += wireBytes(parcel.outgoing.message)
        if (taken.length >= maxMessages || (taken.length > 0 && bytes > maxBytes)) break
        taken.push(parcel)
      }
      return taken
        .toSorted((a, b) => a.id - b.id)
        .map(({ id, forwardId, attempts, again, outgoing: { message, acceptedAtMs } }) => ({
          id,
          message,
          forwardId,
          acceptedAtMs,
          attempts,
          ...(again ? { again } : {}),
        }))
    },

    dueLookups: (recipient, { maxMessages, ...times }): Unrouted[] =>
      lookupsFor(recipient)
        .filter(({ atMs }) => isDue(atMs, times))
        .slice(0, maxMessages)
        .map(({ row }) => row)
        .toSorted((a, b) => a.id - b.id),

    counts(): OutboxCounts {
      const all = [...outgoing.all()]
      const waiting = all.filter(
        ({ lookup, parcels }) => lookup !== null || parcels.some(({ state }) => state === 'waiting'),
      )
      return {
        parcels: all.reduce(
          (sum, { parcels }) => sum + parcels.filter(({ state, again }) => state === 'waiting' || again).length,
          0,
        ),
        unrouted: all.filter(({ lookup }) => lookup !== null).length,
        failed: all.filter(({ isUndelivered }) => isUndelivered).length,
        oldestAcceptedAtMs: waiting.length === 0 ? null : Math.min(...waiting.map(({ acceptedAtMs }) => acceptedAtMs)),
      }
    },

    undelivered: (limit) =>
      [...outgoing.all()]
        .filter(({ isUndelivered }) => isUndelivered)
        .slice(0, limit)
        .map((message) => ({ id: message.id, record: recordOf(message, outgoing) })),

    delayed(acceptedBeforeMs, limit) {
      const met = [...outgoing.all()]
        .filter(({ id, acceptedAtMs }) => id > toldUpTo && acceptedAtMs < acceptedBeforeMs)
        .slice(0, limit)
      const messages = met
        .map((message) => ({ id: message.id, record: recordOf(message, outgoing) }))
        .filter(({ record }) => record.state === 'waiting')
      return { messages, upTo: met.at(-1)?.id ?? null }
    },

    finishDelays(upTo, notices) {
      toldUpTo = upTo
      const wereKept = notices.map(({ id, notice }) => {
        const found = outgoing.find(id)
        if (found === null || outgoing.findWaiting(found.message) !== found) return false
        mailboxes().acceptNotice(notice)
        return true
      })
      return Promise.resolve(wereKept)
    },

    expire({ acceptedBeforeMs, inHand }) {
      outgoing.expire(acceptedBeforeMs, inHand)
      return Promise.resolve(false)
    },

    finishReturns: (ends) =>
      Promise.resolve(
        ends.map(({ id, end }) => {
          const envelope = outgoing.find(id)?.message.envelope ?? null
          if (!outgoing.endReturn(id, end.kind === 'kept')) return false
          mailboxes().forgetEnvelope(envelope)
          if (end.kind === 'returned' && end.notice !== null) mailboxes().acceptNotice(end.notice)
          return true
        }),
      ),

    prune(before) {
      outgoing.prune(before)
      return Promise.resolve(false)
    },

    finishParcels({ destination, state, ends }: ParcelEnds): Promise<void> {
      if (state !== null) outgoing.setState(destination, state)
      for (const { parcelId, end } of ends) outgoing.endParcel(parcelId, end)
      return Promise.resolve()
    },

    finishUnrouted({ ends }: LookupEnds): Promise<void> {
      for (const { id, end } of ends) outgoing.endLookup(id, end)
      return Promise.resolve()
    },
  }
}

function isDue(atMs: number, { nowMs, latestMs }: Omit<DueLimits, 'maxMessages'>): boolean {
  return atMs <= nowMs || (atMs > latestMs && atMs < heldUntilMs)
}

/** What an operator holds is due at no time. */
function unlessHeld(atMs: number | undefined): number | null {
  return atMs === undefined || atMs === heldUntilMs ? null : atMs
}
