import type { Destination, DestinationState, Forwarding, Message, ParcelEnd, Quota, UnroutedEnd } from '@overpost/core'
import { freshDestination } from '@overpost/core'
import type { CustodyPlace, ForwardId, IdentityKey } from '@overpost/protocol'
import { heldUntilMs } from '../outbox/queue-rows.ts'
import { isSameContent } from '../rules/is-same-content.ts'
import { wireBytes } from '../rules/wire-bytes.ts'
import type { InHand } from '../outbox/outbox-rows.ts'
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
  reason: string | null
  receipt: CustodyPlace | null
  /** It was delivered, stays so, and waits to be sent again. */
  again: boolean
}

/** A message on its way out: to the hosts of its parcels, or looking for a home. */
export interface OutgoingMessage {
  readonly id: number
  message: Message
  readonly acceptedAtMs: number
  /** The copy here, of a guest. */
  copy: KeptMessage | null
  lookup: { atMs: number } | null
  /** Why it can be delivered to no further home. */
  failure: string | null
  /** It was kept here, and sought other homes: it is told of by its place here. */
  readonly isSeeker: boolean
  /** What is here to stay; it may be acknowledged. */
  home: KeptMessage | null
  /** Nothing of it waits, and its sender is to be told. */
  isUndelivered: boolean
  ended: { as: 'delivered' | 'acknowledged' | 'returned'; atMs: number } | null
  lookups: number
  reason: string | null
  readonly parcels: KeptParcel[]
}

/** All that is on its way out, in memory, and what becomes of it. */
export class MemoryOutgoing {
  readonly #log: MemoryLog
  readonly #messages = new Map<number, OutgoingMessage>()
  readonly #waiting = new Map<string, OutgoingMessage>()
  readonly #waitingFor = new Map<string, Set<KeptParcel>>()
  readonly #states = new Map<string, DestinationState>()
  readonly #nowMs: () => number
  #lastId = 0

  constructor(log: MemoryLog, nowMs: () => number) {
    this.#log = log
    this.#nowMs = nowMs
  }

  /** Every message, oldest first. */
  all(): Iterable<OutgoingMessage> {
    return this.#messages.values()
  }

  /** The parcels that wait for a destination. */
  waitingFor(destination: Destination): Iterable<KeptParcel> {
    return this.#waitingFor.get(destinationKey(destination)) ?? []
  }

  /** What of one sender waits to go to other hosts: not what is at home here, and only seeks other homes. */
  usageOf(sender: IdentityKey): Quota {
    const waiting = [...this.#messages.values()].filter(
      ({ message, lookup, parcels, isSeeker }) =>
        message.sender === sender &&
        !(isSeeker && parcels.length === 0) &&
        (lookup !== null || parcels.some(({ state }) => state === 'waiting')),
    )
    return { messages: waiting.length, bytes: waiting.reduce((sum, { message }) => sum + wireBytes(message), 0) }
  }

  findWaiting(identity: Identity): OutgoingMessage | null {
    return this.#waiting.get(identityKey(identity)) ?? null
  }

  find(id: number): OutgoingMessage | null {
    return this.#messages.get(id) ?? null
  }

  /** `copy`: of a guest, which looks for a home; `home`: to stay, and with no forwardings it looks for others. Returns its id. */
  add(
    message: Message,
    acceptedAtMs: number,
    by: { copy: KeptMessage | null; home: KeptMessage | null; forwardings: readonly Forwarding[] },
  ): number {
    const { copy, home, forwardings } = by
    const isSeeker = home !== null && forwardings.length === 0
    const lookup = copy !== null || isSeeker ? { atMs: acceptedAtMs } : null
    const outgoing: OutgoingMessage = {
      ...{ id: ++this.#lastId, message, acceptedAtMs, copy, lookup, home, isSeeker, parcels: [] },
      ...{ failure: null, isUndelivered: false, ended: null, lookups: 0, reason: null },
    }
    this.#messages.set(outgoing.id, outgoing)
    if (copy !== null) copy.outgoing = outgoing
    this.#forward(outgoing, forwardings)
    this.#settle(outgoing)
    return outgoing.id
  }

  /** The owner acknowledged the copy here: nobody needs to carry it any further. */
  acknowledged(outgoing: OutgoingMessage): void {
    const { parcels } = outgoing
    for (const parcel of parcels) {
      if (parcel.again) this.#endResend(parcel)
      if (parcel.state === 'waiting') this.#move(parcel, 'dropped')
    }
    outgoing.parcels.splice(0, parcels.length, ...parcels.filter(({ state }) => state !== 'dropped'))
    outgoing.copy = null
    outgoing.lookup = null
    outgoing.isUndelivered = false
    this.#waiting.delete(identityKey(outgoing.message))
    this.#end(outgoing, 'acknowledged')
  }

  expire(acceptedBeforeMs: number, { parcels, lookups }: InHand): void {
    const held = new Set([...lookups, ...parcels.map((id) => Math.floor(id / parcelsPerMessage))])
    for (const outgoing of this.#messages.values()) {
      const waiting = outgoing.parcels.filter(({ state }) => state === 'waiting')
      const isWaiting = waiting.length > 0 || outgoing.lookup !== null
      if (!isWaiting || outgoing.acceptedAtMs >= acceptedBeforeMs || held.has(outgoing.id)) continue
      for (const parcel of waiting) {
        this.#move(parcel, 'failed')
        const why = parcel.reason ?? this.stateOf(parcel.destination).reason
        parcel.reason = why === null ? 'ERR_EXPIRED' : `ERR_EXPIRED: ${why}`
      }
      if (outgoing.lookup !== null) outgoing.failure = 'ERR_NO_ROUTE'
      outgoing.lookup = null
      this.#settle(outgoing)
    }
  }

  /** False when it was returned before, or its owner listed or acknowledged it here. */
  endReturn(id: number, isKept: boolean): boolean {
    const outgoing = this.#messages.get(id)
    if (outgoing?.isUndelivered !== true) return false
    const { copy } = outgoing
    if (isKept || copy?.stays === true) this.#bringHome(outgoing)
    if (outgoing.home !== null) {
      this.#settle(outgoing)
      return false
    }
    outgoing.isUndelivered = false
    if (copy !== null) this.#dropCopy(outgoing, copy)
    this.#end(outgoing, 'returned')
    return true
  }

  prune({ settledBeforeMs, bodiesBeforeMs }: { settledBeforeMs: number; bodiesBeforeMs: number }): void {
    this.#log.forgetMoved(settledBeforeMs)
    for (const outgoing of this.#messages.values()) {
      const settledAtMs = outgoing.ended?.atMs ?? Infinity
      const again = outgoing.parcels.filter((parcel) => parcel.again)
      if (settledAtMs < settledBeforeMs) {
        for (const parcel of again) this.#endResend(parcel)
        this.#messages.delete(outgoing.id)
      }
      if (settledAtMs < bodiesBeforeMs && again.length === 0) {
        outgoing.message = { ...outgoing.message, body: '', envelope: null, request: null }
      }
    }
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
    if (parcel?.again === true && end.kind !== 'retry') {
      this.#endResend(parcel, end.kind === 'delivered' ? end.receipt : null)
      return
    }
    if (parcel === undefined || (parcel.state !== 'waiting' && !parcel.again)) return
    const { outgoing } = parcel
    parcel.reason = end.kind === 'delivered' ? null : end.reason
    if (end.kind === 'delivered') {
      this.#move(parcel, 'delivered')
      parcel.receipt = end.receipt
    } else if (end.kind === 'retry') {
      if (parcel.dueAtMs !== heldUntilMs) parcel.dueAtMs = end.atMs
      if (end.counts) parcel.attempts++
      if (parcel.again) return
    } else {
      this.#move(parcel, end.kind === 'failed' ? 'failed' : 'dropped')
      parcel.attempts++
      if (end.kind === 'reroute') outgoing.lookup = { atMs: Math.min(end.atMs, outgoing.lookup?.atMs ?? Infinity) }
    }
    this.#settle(outgoing)
  }

  /** Whether anything was sent to that host. */
  isKnown(hostKey: IdentityKey): boolean {
    return [...this.#messages.values()].some(({ parcels }) =>
      parcels.some(({ destination }) => destination.hostKey === hostKey),
    )
  }

  /** What was delivered to that host, and is here still, waits for it again. A destination for each. */
  resend(hostKey: IdentityKey, nowMs: number): Destination[] {
    const resent = [...this.#messages.values()].flatMap(({ parcels, message, ended }) =>
      message.body === '' || (ended !== null && ended.as !== 'delivered')
        ? []
        : parcels.filter(({ destination, state }) => destination.hostKey === hostKey && state === 'delivered'),
    )
    for (const parcel of resent) {
      this.#move(parcel, 'waiting')
      Object.assign(parcel, { state: 'delivered', again: true, dueAtMs: nowMs })
    }
    return resent.map(({ destination }) => destination)
  }

  #endResend(parcel: KeptParcel, receipt: CustodyPlace | null = null): void {
    this.#move(parcel, 'delivered')
    parcel.again = false
    parcel.reason = null
    parcel.receipt ??= receipt
  }

  endLookup(id: number, end: UnroutedEnd): void {
    const outgoing = this.#messages.get(id)
    if (outgoing === undefined || outgoing.lookup === null) return
    if (end.kind === 'postponed') {
      if (outgoing.lookup.atMs !== heldUntilMs) outgoing.lookup = { atMs: end.atMs }
      outgoing.lookups += end.counts ? 1 : 0
      outgoing.reason = end.reason
      return
    }
    outgoing.lookup = null
    if (end.kind === 'failed') outgoing.failure = end.reason
    else {
      outgoing.lookups = 0
      if (end.here) this.#bringHome(outgoing)
      this.#forward(outgoing, end.forwardings)
    }
    this.#settle(outgoing)
  }

  /** This host is a home of the recipient: the copy stays, or is made, unless it is here or was acknowledged here. */
  #bringHome(outgoing: OutgoingMessage): void {
    const { message, copy, home, acceptedAtMs } = outgoing
    if (home !== null) return
    if (copy !== null) {
      this.#keepCopy(outgoing, copy)
      return
    }
    const same = this.#log.find(message)
    if (same !== null && !isSameContent(same.stored, message)) outgoing.failure = 'ERR_DUPLICATE_MESSAGE'
    else outgoing.home = same ?? this.#log.append(message, acceptedAtMs, null)
  }

  #keepCopy(outgoing: OutgoingMessage, copy: KeptMessage): void {
    copy.outgoing = null
    outgoing.copy = null
    outgoing.home = copy
  }

  #dropCopy(outgoing: OutgoingMessage, copy: KeptMessage): void {
    this.#log.remove(copy)
    copy.outgoing = null
    outgoing.copy = null
  }

  #end(outgoing: OutgoingMessage, as: 'delivered' | 'acknowledged' | 'returned'): void {
    outgoing.ended = { as, atMs: this.#nowMs() }
  }

  #forward(outgoing: OutgoingMessage, forwardings: readonly Forwarding[]): void {
    const { parcels, id, acceptedAtMs } = outgoing
    for (const { destination, forwardId } of forwardings) {
      const known = parcels.find((parcel) => parcel.destination.hostKey === destination.hostKey)
      if (known === undefined) {
        const parcelId = id * parcelsPerMessage + parcels.length
        const row = { id: parcelId, outgoing, forwardId, destination, dueAtMs: acceptedAtMs, attempts: 0, reason: null }
        const parcel: KeptParcel = { ...row, state: 'dropped', receipt: null, again: false }
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

  /** Gives what waits no longer its end, or marks it for its sender to be told. */
  #settle(outgoing: OutgoingMessage): void {
    const { message, parcels, lookup, copy } = outgoing
    const is = (state: KeptParcel['state']): boolean => parcels.some((parcel) => parcel.state === state)
    if (lookup !== null || is('waiting')) {
      this.#waiting.set(identityKey(message), outgoing)
      return
    }
    this.#waiting.delete(identityKey(message))
    if (outgoing.isSeeker && parcels.length === 0) {
      this.#messages.delete(outgoing.id)
      return
    }
    if (copy?.stays === true) this.#keepCopy(outgoing, copy)
    else if (copy !== null && is('delivered')) this.#dropCopy(outgoing, copy)
    if (is('delivered') || outgoing.home !== null) {
      outgoing.isUndelivered = false
      this.#end(outgoing, 'delivered')
      return
    }
    outgoing.failure ??= parcels.find(({ state }) => state === 'failed')?.reason ?? null
    outgoing.isUndelivered = true
  }
}

const parcelsPerMessage = 1_000

function destinationKey({ hostKey, origin }: Destination): string {
  return `${hostKey} ${origin}`
}
