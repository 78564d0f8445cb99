import type { Destination, QueueChange, QueuedMessage, QueueOfDestination } from '@overpost/core'
import { heldUntilMs, operatorReason, type QueueRows } from '../outbox/queue-rows.ts'
import { wireBytes } from '../rules/wire-bytes.ts'
import { recordOf } from './memory-message-records.ts'
import type { KeptParcel, MemoryOutgoing, OutgoingMessage } from './memory-outgoing.ts'

/** The queue over {@link MemoryOutgoing}, found by looking at everything. */
export function memoryQueueRows(outgoing: MemoryOutgoing): QueueRows {
  const waiting = (): OutgoingMessage[] => [...outgoing.all()].filter((message) => isWaiting(message))
  const queued = (message: OutgoingMessage): QueuedMessage => ({
    id: message.id,
    bodyBytes: wireBytes(message.message),
    isHeld: message.lookup?.atMs === heldUntilMs || waitingOf(message).some(({ dueAtMs }) => dueAtMs === heldUntilMs),
    record: recordOf(message, outgoing),
  })

  return {
    byDestination({ nowMs, agesMs }) {
      const groups = new Map<string, { destination: Destination | null; of: OutgoingMessage[]; held: number }>()
      const add = (destination: Destination | null, message: OutgoingMessage, dueAtMs: number): void => {
        const name = destination === null ? '' : `${destination.hostKey} ${destination.origin}`
        const group = groups.get(name) ?? { destination, of: [], held: 0 }
        groups.set(name, group)
        group.of.push(message)
        if (dueAtMs === heldUntilMs) group.held++
      }
      for (const message of waiting()) {
        for (const parcel of waitingOf(message)) add(parcel.destination, message, parcel.dueAtMs)
        if (message.lookup !== null) add(null, message, message.lookup.atMs)
      }
      const found = [...groups.values()].map(({ destination, of, held }): QueueOfDestination => ({
        ...{ destination, messages: of.length, held },
        bytes: of.reduce((sum, { message }) => sum + wireBytes(message), 0),
        oldestAcceptedAtMs: Math.min(...of.map(({ acceptedAtMs }) => acceptedAtMs)),
        byAge: byAge(of, nowMs, agesMs),
        state: destination === null ? null : outgoing.stateOf(destination),
      }))
      const rank = ({ destination, messages }: QueueOfDestination): number => (destination === null ? -1 : messages)
      return Promise.resolve(found.toSorted((a, b) => rank(b) - rank(a)))
    },

    list({ after, limit, hostKey, sender }) {
      const found = waiting()
        .filter(({ id, message }) => id > after && (sender === null || message.sender === sender))
        .filter((message) => hostKey === null || waitingOf(message).some((one) => one.destination.hostKey === hostKey))
      return Promise.resolve(found.slice(0, limit).map(queued))
    },

    find(id) {
      const found = waiting().find((message) => message.id === id)
      return Promise.resolve(found === undefined ? null : queued(found))
    },

    change(ids, change, nowMs) {
      const meant = waiting().filter(({ id }) => ids.includes(id))
      const before = meant.map((message) => ({
        destinations: waitingOf(message).map(({ destination }) => destination),
        recipients: message.lookup === null ? [] : [message.message.recipient],
      }))
      const changed = meant.map((message) => apply(outgoing, message, change, nowMs))
      const touched = before.filter((_, index) => changed[index])
      return Promise.resolve({
        changed: touched.length,
        destinations: touched.flatMap(({ destinations }) => destinations),
        recipients: touched.flatMap(({ recipients }) => recipients),
      })
    },
  }
}

function apply(outgoing: MemoryOutgoing, message: OutgoingMessage, change: QueueChange, nowMs: number): boolean {
  if (change === 'bounce' || change === 'purge') {
    for (const { id } of waitingOf(message)) outgoing.endParcel(id, { kind: 'failed', reason: operatorReason })
    outgoing.endLookup(message.id, { kind: 'failed', reason: operatorReason })
    if (change === 'purge') outgoing.endReturn(message.id, false)
    return true
  }
  const isMeant = (atMs: number): boolean => {
    if (change === 'retry') return atMs > nowMs && atMs < heldUntilMs
    return change === 'hold' ? atMs < heldUntilMs : atMs === heldUntilMs
  }
  const atMs = change === 'hold' ? heldUntilMs : nowMs
  const parcels = waitingOf(message).filter(({ dueAtMs }) => isMeant(dueAtMs))
  for (const parcel of parcels) parcel.dueAtMs = atMs
  const isLookupMeant = message.lookup !== null && isMeant(message.lookup.atMs)
  if (isLookupMeant) message.lookup = { atMs }
  return parcels.length > 0 || isLookupMeant
}

function byAge(messages: readonly OutgoingMessage[], nowMs: number, agesMs: readonly number[]): number[] {
  const counts = [...agesMs, Infinity].map(() => 0)
  for (const { acceptedAtMs } of messages) {
    const found = agesMs.findIndex((ageMs) => acceptedAtMs > nowMs - ageMs)
    const at = found < 0 ? agesMs.length : found
    counts[at] = (counts[at] ?? 0) + 1
  }
  return counts
}

function isWaiting(message: OutgoingMessage): boolean {
  return message.lookup !== null || waitingOf(message).length > 0
}

function waitingOf({ parcels }: OutgoingMessage): KeptParcel[] {
  return parcels.filter(({ state }) => state === 'waiting')
}
