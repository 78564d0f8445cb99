import type { Destination, DestinationState, Forwarding, Message, ParcelEnd, Quota, UnroutedEnd } from '@overpost/core'
import { freshDestination } from '@overpost/core'
import type { ForwardId, IdentityKey } from '@overpost/protocol'
import { isSameContent } from '../rules/is-same-content.ts'
import { wireBytes } from '../rules/wire-bytes.ts'
import { identityKey, type Identity, type KeptMessage, type MemoryLog } from './memory-log.ts'

/** One message to one host. `dropped`: it was rerouted from there. */
export interface KeptParcel {
  readonly id: number
  readonly outgoing: OutgoingMessage
  readonly forwardId: ForwardId
  destination: Destination
  state: 'waiting' | 'delivered' | 'failed' | 'dropped'
  dueAtMs: number
  attempts: number
}

/** A message on its way out: to the hosts of its parcels, or looking for a home. */
export interface OutgoingMessage {
  readonly id: number
  readonly message: Message
  readonly acceptedAtMs: number
  /** The copy here, of a guest. */
  copy: KeptMessage | null
  lookup: { atMs: number; attempts: number } | null
  didFail: boolean
  readonly parcels: KeptParcel[]
}

/** All that is on its way out, in memory, and what becomes of it. */
export class MemoryOutgoing {
  readonly #log: MemoryLog
  readonly #messages = new Map<number, OutgoingMessage>()
  readonly #waiting = new Map<string, OutgoingMessage>()
  readonly #waitingFor = new Map<string, Set<KeptParcel>>()
  readonly #states = new Map<string, DestinationState>()
  #lastId = 0

  constructor(log: MemoryLog) {
    this.#log = log
  }

  /** Every message, oldest first. */
  all(): Iterable<OutgoingMessage> {
    return this.#messages.values()
  }

  /** The parcels that wait for a destination. */
  waitingFor(destination: Destination): Iterable<KeptParcel> {
    return this.#waitingFor.get(destinationKey(destination)) ?? []
  }

  /** What of one sender waits to go to other hosts. */
  usageOf(sender: IdentityKey): Quota {
    const waiting = [...this.#messages.values()].filter(
      ({ message, lookup, parcels }) =>
        message.sender === sender && (lookup !== null || parcels.some(({ state }) => state === 'waiting')),
    )
    return { messages: waiting.length, bytes: waiting.reduce((sum, { message }) => sum + wireBytes(message), 0) }
  }

  findWaiting(identity: Identity): OutgoingMessage | null {
    return this.#waiting.get(identityKey(identity)) ?? null
  }

  add(message: Message, acceptedAtMs: number, copy: KeptMessage | null, forwardings: readonly Forwarding[]): void {
    const lookup = copy === null ? null : { atMs: acceptedAtMs, attempts: 0 }
    const outgoing = { id: ++this.#lastId, message, acceptedAtMs, copy, lookup, didFail: false, parcels: [] }
    this.#messages.set(outgoing.id, outgoing)
    if (copy !== null) copy.outgoing = outgoing
    this.#forward(outgoing, forwardings)
    this.#settle(outgoing)
  }

  /** The owner acknowledged the copy here: nobody needs to carry it any further. */
  withdraw(outgoing: OutgoingMessage): void {
    for (const parcel of outgoing.parcels) this.#move(parcel, 'dropped')
    this.#messages.delete(outgoing.id)
    this.#waiting.delete(identityKey(outgoing.message))
  }

  stateOf(destination: Destination): DestinationState {
    return this.#states.get(destinationKey(destination)) ?? freshDestination
  }

  setState(destination: Destination, state: DestinationState): void {
    if (state.failures === 0) this.#states.delete(destinationKey(destination))
    else this.#states.set(destinationKey(destination), state)
  }

  endParcel(parcelId: number, end: ParcelEnd): void {
    const parcel = this.#messages.get(Math.floor(parcelId / parcelsPerMessage))?.parcels[parcelId % parcelsPerMessage]
    if (parcel?.state !== 'waiting') return
    const { outgoing } = parcel
    if (end.kind === 'delivered' || end.kind === 'failed') {
      this.#move(parcel, end.kind)
    } else if (end.kind === 'retry') {
      parcel.dueAtMs = end.atMs
      if (end.counts) parcel.attempts++
    } else {
      this.#move(parcel, 'dropped')
      parcel.attempts++
      outgoing.lookup = { attempts: 0, ...outgoing.lookup, atMs: Math.min(end.atMs, outgoing.lookup?.atMs ?? Infinity) }
    }
    this.#settle(outgoing)
  }

  endLookup(id: number, end: UnroutedEnd): void {
    const outgoing = this.#messages.get(id)
    if (outgoing === undefined || outgoing.lookup === null) return
    if (end.kind === 'postponed') {
      outgoing.lookup = { atMs: end.atMs, attempts: outgoing.lookup.attempts + (end.counts ? 1 : 0) }
      return
    }
    outgoing.lookup = null
    if (end.kind === 'failed') outgoing.didFail = true
    else {
      if (end.here) this.#bringHome(outgoing)
      this.#forward(outgoing, end.forwardings)
    }
    this.#settle(outgoing)
  }

  /** This host is a home of the recipient: the copy stays, or is made. */
  #bringHome(outgoing: OutgoingMessage): void {
    const { message, copy, acceptedAtMs } = outgoing
    if (copy !== null) {
      copy.outgoing = null
      outgoing.copy = null
      return
    }
    const same = this.#log.find(message)
    if (same === null) this.#log.append(message, acceptedAtMs, null)
    else if (!isSameContent(same.stored, message)) outgoing.didFail = true
  }

  #forward(outgoing: OutgoingMessage, forwardings: readonly Forwarding[]): void {
    const { parcels, id, acceptedAtMs } = outgoing
    for (const { destination, forwardId } of forwardings) {
      const known = parcels.find((parcel) => parcel.destination.hostKey === destination.hostKey)
      if (known === undefined) {
        const parcelId = id * parcelsPerMessage + parcels.length
        const row = { id: parcelId, outgoing, forwardId, destination, dueAtMs: acceptedAtMs, attempts: 0 }
        const parcel: KeptParcel = { ...row, state: 'dropped' }
        parcels.push(parcel)
        this.#move(parcel, 'waiting')
      } else if (known.state === 'dropped') {
        known.destination = destination
        known.dueAtMs = acceptedAtMs
        this.#move(known, 'waiting')
      }
    }
  }

  #move(parcel: KeptParcel, state: KeptParcel['state']): void {
    const key = destinationKey(parcel.destination)
    const waiting = this.#waitingFor.get(key) ?? new Set()
    if (state === 'waiting') waiting.add(parcel)
    else waiting.delete(parcel)
    if (waiting.size > 0) this.#waitingFor.set(key, waiting)
    else this.#waitingFor.delete(key)
    parcel.state = state
  }

  /** Puts away what waits no longer. */
  #settle(outgoing: OutgoingMessage): void {
    const { message, parcels, lookup, copy } = outgoing
    const is = (state: KeptParcel['state']): boolean => parcels.some((parcel) => parcel.state === state)
    if (lookup !== null || is('waiting')) {
      this.#waiting.set(identityKey(message), outgoing)
      return
    }
    this.#waiting.delete(identityKey(message))
    if (copy !== null && is('delivered')) {
      if (!copy.stays) this.#log.remove(copy)
      copy.outgoing = null
      outgoing.copy = null
    }
    if (!outgoing.didFail && !is('failed')) this.withdraw(outgoing)
  }
}

const parcelsPerMessage = 1_000

function destinationKey({ hostKey, origin }: Destination): string {
  return `${hostKey} ${origin}`
}
