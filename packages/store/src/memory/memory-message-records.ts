import type { DestinationRecord, Found, FoundRecord, MessageRecord, MessageRecords, MessageState } from '@overpost/core'
import { heldUntilMs } from '../outbox/queue-rows.ts'
import { BodyHashes } from '../rules/body-hash.ts'
import type { MemoryLog } from './memory-log.ts'
import type { KeptParcel, MemoryOutgoing, OutgoingMessage } from './memory-outgoing.ts'

/** What became of messages, as long as this process remembers. */
export function memoryMessageRecords(log: MemoryLog, outgoing: MemoryOutgoing): MessageRecords {
  return {
    find(refs) {
      const hashes = new BodyHashes()
      const all = refs.map(({ kind, id, acceptedAtMs }): Found => {
        const found =
          kind === 'kept' ? findKept(log, Number(id), hashes) : findOutgoing(log, outgoing, Number(id), hashes)
        return found === null || 'kind' in found || found.acceptedAtMs === acceptedAtMs ? found : null
      })
      return Promise.resolve(all)
    },
  }
}

function findOutgoing(log: MemoryLog, outgoing: MemoryOutgoing, id: number, hashes: BodyHashes): FoundRecord | null {
  const found = outgoing.find(id)
  if (found === null) return null
  const record = recordOf(found, outgoing)
  if (record.isHere) return { ...record, removal: null, bodyHash: hashes.of(found.message.body) }
  const removal = found.home === null ? null : log.removalOf(found.home.id)
  return { ...record, state: removal === null ? record.state : 'delivered', removal, bodyHash: null }
}

export function recordOf(message: OutgoingMessage, outgoing: MemoryOutgoing): MessageRecord {
  const { acceptedAtMs, copy, home, ended, parcels, lookup, lookups } = message
  const { sender, recipient, box, messageId } = message.message
  const isHere = home?.isGone === false || copy?.stays === true
  const destinations = parcels.map((parcel) => destinationRecord(parcel, outgoing))
  const dueAtMs = parcels
    .filter(({ state }) => state === 'waiting')
    .map((parcel) => Math.max(parcel.dueAtMs, outgoing.stateOf(parcel.destination).nextAttemptAtMs))
  if (lookup !== null) dueAtMs.push(lookup.atMs)
  return {
    ...{ sender, recipient, box, messageId, acceptedAtMs },
    state: stateOf(message, isHere),
    settledAtMs: ended?.atMs ?? null,
    isHere,
    attempts: destinations.reduce((sum, { attempts }) => sum + attempts, lookups),
    reason: message.failure ?? destinations.find(({ reason }) => reason !== null)?.reason ?? message.reason,
    nextAttemptAtMs: ended !== null || dueAtMs.every((atMs) => atMs === heldUntilMs) ? null : Math.min(...dueAtMs),
    destinations,
  }
}

function destinationRecord(parcel: KeptParcel, outgoing: MemoryOutgoing): DestinationRecord {
  const { destination, forwardId, receipt } = parcel
  const standing = outgoing.stateOf(destination)
  const state = parcel.state === 'failed' ? 'refused' : parcel.state
  return {
    ...{ destination, forwardId, receipt, state },
    attempts: parcel.attempts + (state === 'waiting' ? standing.failures : 0),
    reason: state === 'delivered' ? null : (parcel.reason ?? standing.reason),
  }
}

function stateOf({ home, ended }: OutgoingMessage, isHere: boolean): MessageState {
  if (isHere) return 'delivered'
  if (home !== null) return 'acknowledged'
  return ended?.as ?? 'waiting'
}

function findKept(log: MemoryLog, id: number, hashes: BodyHashes): Found {
  const kept = log.findById(id)
  if (kept === null) return log.removalOf(id)
  const { sender, recipient, box, messageId, receivedAtMs: acceptedAtMs, body } = kept.stored
  return {
    ...{ sender, recipient, box, messageId, acceptedAtMs, state: 'delivered', settledAtMs: null, isHere: true },
    ...{ attempts: 0, reason: null, nextAttemptAtMs: null, destinations: [] },
    ...{ removal: null, bodyHash: hashes.of(body) },
  }
}
