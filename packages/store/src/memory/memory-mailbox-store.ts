import { randomBytes } from 'node:crypto'
import {
  goesOut,
  shownProof,
  type AppendOutcome,
  type Arrival,
  type BoxAddress,
  type BoxAge,
  type Kept,
  type MailboxStore,
  type MessageName,
  type MessagePage,
  type MessageRef,
  type PagedMessage,
  type PageLimits,
  type Placement,
  type Quotas,
  type Reception,
  type VerifiedEnvelope,
} from '@overpost/core'
import { forwardIdTimeMs, type Custody, type IdentityKey } from '@overpost/protocol'
import { checkPlacements } from '../rules/check-placements.ts'
import { isKept } from '../rules/is-kept.ts'
import { isPlainContent } from '../rules/is-plain-content.ts'
import { isSameContent } from '../rules/is-same-content.ts'
import { QuotaTally } from '../rules/quota-tally.ts'
import type { MemoryAwaited } from './memory-awaited.ts'
import { identityKey, type KeptMessage, type MemoryLog } from './memory-log.ts'
import type { MemoryOutgoing } from './memory-outgoing.ts'

/** The mailboxes of one process, gone with it. */
export class MemoryMailboxStore implements MailboxStore {
  readonly incarnation = randomBytes(16).toString('hex')
  readonly #log: MemoryLog
  readonly #outgoing: MemoryOutgoing
  readonly #quotas: Quotas | null
  readonly #awaited: MemoryAwaited
  readonly #noteAccepted: (placement: Placement) => void
  /** Forward ids (with their host), envelopes and requests, and when each was made, or, of a request, came. */
  readonly #remembered = new Map<string, number>()
  /** By forward id (with its host): what can be signed for it. */
  readonly #custody = new Map<string, Custody>()

  constructor(
    log: MemoryLog,
    outgoing: MemoryOutgoing,
    quotas: Quotas | null,
    awaited: MemoryAwaited,
    noteAccepted: (placement: Placement) => void,
  ) {
    this.#quotas = quotas
    this.#awaited = awaited
    this.#log = log
    this.#outgoing = outgoing
    this.#noteAccepted = noteAccepted
  }

  accept(placements: readonly Placement[]): Promise<Kept[]> {
    return new Promise((resolve) => {
      checkPlacements(placements)
      resolve(this.#acceptAll(placements, this.#tally(this.#quotas)))
    })
  }

  /** Keeps a message of the host itself, however much its recipient has waiting. */
  acceptNotice(notice: Placement): void {
    this.#acceptAll([notice], this.#tally(null))
  }

  #acceptAll(placements: readonly Placement[], tally: QuotaTally): Kept[] {
    const outcomes: AppendOutcome[] = []
    for (const [index, placement] of placements.entries()) {
      const before = placements.slice(0, index).filter((_, at) => outcomes[at] === 'stored')
      const outcome = this.#outcomeOf(placement.message, before)
      outcomes.push(outcome === 'stored' ? tally.place(placement) : outcome)
    }
    if (!outcomes.every(isKept)) return outcomes.map((outcome) => ({ outcome, ref: null }))
    return placements.map((placement, index) => {
      const outcome = outcomes[index] ?? 'stored'
      return { outcome, ref: this.#put(placement, outcome === 'stored') }
    })
  }

  /** Its sender was told that it did not arrive, and may send it again. */
  forgetEnvelope(envelope: VerifiedEnvelope | null): void {
    if (envelope !== null) this.#remembered.delete(envelopeKey(envelope))
  }

  receive(arrivals: readonly Arrival[]): Promise<Reception[]> {
    return Promise.resolve(arrivals.map((arrival) => this.#receive(arrival)))
  }

  lastSequence(address: BoxAddress): Promise<number> {
    return Promise.resolve(this.#log.lastSequence(address))
  }

  list(address: BoxAddress, page: PageLimits): Promise<MessagePage> {
    const rest = this.#log.in(address).filter(({ stored }) => stored.sequence > page.after)
    const shown: KeptMessage[] = []
    let bytes = 0
    for (const kept of rest) {
      bytes += Buffer.byteLength(kept.stored.body)
      if (shown.length >= page.limit || (shown.length > 0 && bytes > page.maxBytes)) break
      kept.stays = true
      shown.push(kept)
    }
    const messages = shown.map(({ stored }): PagedMessage => {
      const { envelope, request, originHost } = stored
      const proof = shownProof({ hasEnvelope: envelope !== null, hasRequest: request !== null, originHost })
      const proofs = page.withProofs ? {} : { envelope: null, request: null }
      return { ...stored, ...proofs, proof, isPlain: isPlainContent(stored) }
    })
    return Promise.resolve({ messages, more: shown.length < rest.length })
  }

  acknowledge(owner: IdentityKey, listedIds: readonly string[]): Promise<number> {
    return Promise.resolve(listedIds.filter((id) => this.#remove(this.#log.findListed(owner, id))).length)
  }

  acknowledgeByName(owner: IdentityKey, names: readonly MessageName[]): Promise<number> {
    return Promise.resolve(names.filter((name) => this.#remove(this.#log.findNamed(owner, name))).length)
  }

  boxes(after: number, limit: number): Promise<BoxAge[]> {
    const all = this.#log.boxes().map(({ box, messages }, index) => {
      return { id: index + 1, box, oldestMs: messages[0]?.stored.receivedAtMs ?? null }
    })
    return Promise.resolve(all.slice(after, after + limit))
  }

  prune(boxId: number, beforeMs: number, most: number): Promise<number> {
    const messages = this.#log.boxes()[boxId - 1]?.messages.filter(({ outgoing }) => outgoing === null) ?? []
    const old = messages.slice(0, most).filter(({ stored }) => stored.receivedAtMs < beforeMs)
    for (const kept of old) this.#log.prune(kept)
    return Promise.resolve(old.length)
  }

  forget(beforeMs: number): Promise<boolean> {
    for (const [key, madeAtMs] of this.#remembered) {
      if (madeAtMs >= beforeMs) continue
      this.#remembered.delete(key)
      this.#custody.delete(key)
    }
    this.#awaited.forget(beforeMs)
    return Promise.resolve(false)
  }

  #outcomeOf(message: Placement['message'], before: readonly Placement[]): AppendOutcome {
    const isSeen =
      message.envelope !== null &&
      (this.#remembered.has(envelopeKey(message.envelope)) ||
        before.some((earlier) => earlier.message.envelope?.hash === message.envelope?.hash))
    if (isSeen) return 'duplicate'
    const key = identityKey(message)
    const same =
      this.#log.find(message)?.stored ??
      this.#outgoing.findWaiting(message)?.message ??
      before.find((earlier) => identityKey(earlier.message) === key)?.message
    if (same === undefined) return 'stored'
    return isSameContent(same, message) ? 'duplicate' : 'conflict'
  }

  #put(placement: Placement, isNew: boolean): MessageRef | null {
    const { message, acceptedAtMs, here, forwardings, seeksOthers } = placement
    if (here !== 'none') this.#rememberEnvelope(message.envelope)
    if (!isNew) {
      if (here === 'home') this.#keep(this.#log.find(message))
      return this.#refOfFirst(message)
    }
    const kept = here === 'none' ? null : this.#log.append(message, acceptedAtMs, null)
    const isGuest = here === 'guest'
    const by = { copy: isGuest ? kept : null, home: isGuest ? null : kept, forwardings }
    const id = goesOut(placement) ? this.#outgoing.add(message, acceptedAtMs, by) : null
    this.#noteAccepted(placement)
    if (id !== null && !seeksOthers) return { kind: 'outgoing', id: BigInt(id), acceptedAtMs }
    return kept === null ? null : keptRef(kept)
  }

  #refOfFirst(message: Placement['message']): MessageRef | null {
    const kept = this.#log.find(message)
    const outgoing = this.#outgoing.findWaiting(message) ?? kept?.outgoing ?? null
    if (outgoing?.isSeeker === true && outgoing.parcels.length === 0 && outgoing.home !== null) {
      return keptRef(outgoing.home)
    }
    if (outgoing !== null) return { kind: 'outgoing', id: BigInt(outgoing.id), acceptedAtMs: outgoing.acceptedAtMs }
    return kept === null ? null : keptRef(kept)
  }

  #receive({ message, originHost, forwardId, receivedAtMs, leaf, requestHash }: Arrival): Reception {
    const forwardKey = `${originHost} ${forwardId}`
    const same = this.#log.find(message)
    if (this.#remembered.has(forwardKey)) {
      this.#keep(same)
      return { outcome: 'duplicate', custody: this.#custody.get(forwardKey) ?? null }
    }
    if (!this.#hasRoomForMemory(originHost)) return { outcome: 'origin full', custody: null }
    const { envelope, request } = message
    const isEnvelopeKnown = envelope !== null && this.#remembered.has(envelopeKey(envelope))
    const hash = request?.hash ?? requestHash ?? null
    const isRequestKnown = hash !== null && this.#remembered.has(requestKey(hash))
    const isKnown = isEnvelopeKnown || isRequestKnown
    if (!isKnown && same !== null && !isSameContent(same.stored, message)) return { outcome: 'conflict', custody: null }
    const isStored = !isKnown && same === null && !this.#awaited.has(message)
    if (isStored && this.#tally(this.#quotas).receive(message) !== 'stored')
      return { outcome: 'mailbox full', custody: null }
    this.#remembered.set(forwardKey, forwardIdTimeMs(forwardId))
    this.#rememberEnvelope(envelope)
    if (hash !== null && !isRequestKnown) this.#remembered.set(requestKey(hash), receivedAtMs)
    const isHere = isStored || isEnvelopeKnown || same?.stored.body === message.body
    const custody = isHere ? { leaf, storedAtMs: receivedAtMs } : null
    if (custody !== null) this.#custody.set(forwardKey, custody)
    if (isStored) this.#log.append(message, receivedAtMs, originHost)
    else this.#keep(same)
    return { outcome: isStored ? 'stored' : 'duplicate', custody }
  }

  #tally(quotas: Quotas | null): QuotaTally {
    return new QuotaTally(quotas, {
      mailbox: (owner) => this.#log.usageOf(owner),
      sender: (sender) => this.#outgoing.usageOf(sender),
    })
  }

  #hasRoomForMemory(originHost: IdentityKey): boolean {
    if (this.#quotas === null) return true
    const ofOrigin = [...this.#remembered.keys()].filter((key) => key.startsWith(`${originHost} `))
    return ofOrigin.length < this.#quotas.memoriesPerOrigin
  }

  #keep(kept: KeptMessage | null): void {
    if (kept !== null) kept.stays = true
  }

  #remove(kept: KeptMessage | null): boolean {
    if (kept === null) return false
    this.#log.remove(kept)
    if (kept.outgoing !== null) this.#outgoing.acknowledged(kept.outgoing)
    return true
  }

  #rememberEnvelope(envelope: VerifiedEnvelope | null): void {
    if (envelope !== null) this.#remembered.set(envelopeKey(envelope), envelope.timestampMs)
  }
}

function keptRef({ id, stored }: KeptMessage): MessageRef {
  return { kind: 'kept', id: BigInt(id), acceptedAtMs: stored.receivedAtMs }
}

function envelopeKey({ hash }: VerifiedEnvelope): string {
  return `envelope ${hash}`
}

function requestKey(hash: string): string {
  return `request ${hash}`
}
