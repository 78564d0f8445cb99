import {
  forwardIdTimeMs,
  maxRequestPayloadBytes,
  RelayError,
  requestHash,
  timeRefusal,
  verifyEnvelope,
  type BoxName,
  type Custody,
  type Envelope,
  type ErrorCode,
  type IdentityKey,
  type MessageId,
  type SignedRequest,
} from '@overpost/protocol'
import type { OperatorRules } from './operator-rules.ts'
import type { Alarm } from './alarm.ts'
import { carryEnvelope, checkEnvelope } from './check-envelope.ts'
import { checkProof, type Incoming, type ProofDeps } from './check-proof.ts'
import { custodyOf, withLeaf } from './custody.ts'
import type { Homes } from './homes.ts'
import type { Mailbox } from './mailbox.ts'
import type { Content, Message } from './message.ts'
import { isOverQuota, overQuotaError, overQuotaWords } from './over-quota.ts'
import { refusalFor, type Permissions } from './permissions.ts'
import { placeMessage } from './place-message.ts'
import type { Clock } from './ports/clock.ts'
import type { CoreEvents } from './ports/events.ts'
import type { HandleSeal } from './ports/handle-seal.ts'
import { goesOut, type Arrival, type MailboxStore, type Placement } from './ports/mailbox-store.ts'
import type { Random } from './ports/random.ts'
import type { Resolver } from './resolve-hosts.ts'

/** What an authenticated user sends: one content, to one or more recipients. */
export interface Send extends Content {
  readonly sender: IdentityKey
  readonly box: BoxName
  readonly recipients: readonly {
    readonly recipient: IdentityKey
    /** Null: this host makes one, in decimal (BRC-33 to the letter). */
    readonly messageId: MessageId | null
    readonly envelope: Envelope | null
  }[]
  /** The request in which the sender made it, for other hosts; asked for only when one may have to be shown it. */
  readonly signedRequest?: () => SignedRequest
}

export interface Accepted {
  readonly recipient: IdentityKey
  readonly messageId: MessageId
  readonly duplicate: boolean
  /** By which its sender asks what became of it (`POST /messageStatus`). */
  readonly handle: string
}

export type Received =
  /** `custody`: what this host can sign for; null: it holds no such message under that forward id. */
  | { readonly kind: 'stored'; readonly duplicate: boolean; readonly custody: Custody | null }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly description?: string }

export interface RouterDeps extends ProofDeps {
  readonly store: Pick<MailboxStore, 'accept' | 'receive'>
  readonly homes: Pick<Homes, 'has'>
  readonly rules: Pick<OperatorRules, 'refuses'>
  readonly permissions: Pick<Permissions, 'fee'>
  readonly resolver: Pick<Resolver, 'cached' | 'isBlind'>
  readonly mailbox: Pick<Mailbox, 'appended'>
  /** Rung when the outbox has something new. */
  readonly outboxAlarm: Pick<Alarm, 'ring'>
  readonly handles: Pick<HandleSeal, 'seal'>
  readonly clock: Clock
  readonly random: Random
  readonly events: Pick<CoreEvents, 'accepted' | 'received' | 'overQuota' | 'traced'>
  /** For how long forward ids and envelopes are remembered: what is older is refused. */
  readonly memoryDays: number
}

function outcomeOf(answer: Received): string {
  if (answer.kind === 'refused') return answer.code
  return answer.duplicate ? 'duplicate' : 'stored'
}

const blockedHere = 'The operator of this host takes no messages of that host or sender.'

type Checked = Arrival | { readonly refused: ErrorCode; readonly description?: string }

/** Decides where messages go. It asks nobody: what it does not know yet, the outbox finds out. */
export class Router {
  readonly #deps: RouterDeps
  #lastMadeId = 0

  constructor(deps: RouterDeps) {
    this.#deps = deps
  }

  /**
   * Takes a send from its sender, for all recipients or for none, and resolves when it is durable. A repeat of what still
   * waits, or of an envelope that came before, is a success marked `duplicate`.
   * @throws {RelayError} ERR_DELIVERY_BLOCKED (with `blockedRecipients`), ERR_MISSING_PAYMENT_TX, ERR_TOO_OLD, ERR_TOO_EARLY, ERR_INVALID_ENVELOPE, ERR_DUPLICATE_MESSAGE (another body came first), ERR_QUOTA_EXCEEDED, ERR_STORAGE_FULL, ERR_UNAVAILABLE
   */
  async accept(send: Send): Promise<Accepted[]> {
    const { store, clock, events, mailbox, outboxAlarm, handles } = this.#deps
    const nowMs = clock.nowMs()
    if (this.#deps.rules.refuses('sender', send.sender)) throw new RelayError('ERR_DELIVERY_BLOCKED', blockedHere)
    await this.#admit(send)
    const named = send.recipients.map((recipient) => this.#toMessage(send, recipient, nowMs))
    const places = await Promise.all(named.map((message) => placeMessage(message, nowMs, this.#deps)))
    const proven = places.map((place, index) => this.#withEnvelope(place, send.recipients[index]?.envelope ?? null))
    const placements = this.#withRequest(proven, send)
    const messages = placements.map(({ message }) => message)
    const kept = await store.accept(placements)
    const outcomes = kept.map(({ outcome }) => outcome)
    if (outcomes.includes('conflict')) throw new RelayError('ERR_DUPLICATE_MESSAGE')
    const over = overQuotaError(messages, outcomes)
    if (over !== null) {
      events.overQuota({ quota: over.quota, messages: messages.length })
      throw over.error
    }

    const tally = { placements: placements.length, duplicates: 0, here: 0, forwarded: 0, unrouted: 0 }
    for (const [index, { message, here, forwardings }] of placements.entries()) {
      if (outcomes[index] !== 'stored') {
        tally.duplicates += 1
        continue
      }
      if (here !== 'none') mailbox.appended({ owner: message.recipient, box: message.box })
      if (here === 'home') tally.here += 1
      if (here === 'guest') tally.unrouted += 1
      tally.forwarded += forwardings.length
      for (const { forwardId } of forwardings) events.traced({ step: 'accepted', forwardId, outcome: 'stored' })
    }
    if (placements.some((placement, index) => outcomes[index] === 'stored' && goesOut(placement))) outboxAlarm.ring()
    events.accepted(tally)
    return messages.map(({ recipient, messageId, sender }, index) => {
      const handled = kept[index]?.ref ?? { kind: 'gone' as const, id: 0n, acceptedAtMs: nowMs }
      return { recipient, messageId, duplicate: outcomes[index] === 'duplicate', handle: handles.seal(handled, sender) }
    })
  }

  /**
   * Takes what another host hands in: each message stands for itself, an outcome each in order, durable when it resolves.
   * Nothing received is ever sent on to a further host.
   * @throws {RelayError} ERR_STORAGE_FULL, ERR_UNAVAILABLE; then nothing was stored.
   */
  async receive(originHost: IdentityKey, incoming: readonly Incoming[]): Promise<Received[]> {
    const nowMs = this.#deps.clock.nowMs()
    const checked = await Promise.all(incoming.map((item) => this.#check(originHost, item, nowMs)))
    return await this.#append(originHost, incoming, checked)
  }

  /**
   * Takes what waited for `user` at the host `from`, which the user left for this one by a handover that was checked. As {@link receive}, but for the
   * proofs: what has no envelope is taken on that host's word, since the user trusted it with their mail.
   */
  async takeOver(from: IdentityKey, user: IdentityKey, incoming: readonly Incoming[]): Promise<Received[]> {
    const nowMs = this.#deps.clock.nowMs()
    const checked = await Promise.all(incoming.map((item) => this.#checkHandedOver(from, user, item, nowMs)))
    return await this.#append(from, incoming, checked)
  }

  async #append(
    originHost: IdentityKey,
    incoming: readonly Incoming[],
    checked: readonly Checked[],
  ): Promise<Received[]> {
    const { store, events, mailbox, verifier } = this.#deps
    const arrivals = checked.filter((item) => 'message' in item)
    const receptions = arrivals.length === 0 ? [] : await store.receive(arrivals)

    let next = 0
    const received = checked.map((item): Received => {
      if ('refused' in item) {
        const { refused: code, description } = item
        return description === undefined ? { kind: 'refused', code } : { kind: 'refused', code, description }
      }
      const { outcome, custody } = receptions[next++] ?? { outcome: 'conflict', custody: null }
      if (outcome === 'conflict') return { kind: 'refused', code: 'ERR_DUPLICATE_MESSAGE' }
      if (isOverQuota(outcome)) {
        events.overQuota({ quota: outcome, messages: 1 })
        return { kind: 'refused', code: 'ERR_QUOTA_EXCEEDED', description: overQuotaWords[outcome] }
      }
      if (outcome === 'stored') mailbox.appended({ owner: item.message.recipient, box: item.message.box })
      return { kind: 'stored', duplicate: outcome === 'duplicate', custody: custodyOf(item, custody, verifier) }
    })
    for (const [index, answer] of received.entries()) {
      const forwardId = incoming[index]?.forwardId
      if (forwardId !== undefined) events.traced({ step: 'received', forwardId, outcome: outcomeOf(answer) })
    }
    const duplicates = received.filter((answer) => answer.kind === 'stored' && answer.duplicate).length
    const refused = received.filter((answer) => answer.kind === 'refused').length
    const again = received.filter(
      (answer, index) => answer.kind === 'stored' && !answer.duplicate && incoming[index]?.again === true,
    ).length
    events.received({ originHost, stored: received.length - duplicates - refused, duplicates, refused, again })
    return received
  }

  /** Refuses the whole send when one of the recipients does not want it, or not for nothing. */
  async #admit({ sender, box, recipients }: Send): Promise<void> {
    const fees = recipients.map(({ recipient }) => this.#deps.permissions.fee(recipient, box, sender))
    if (fees.every((fee) => fee === 0)) return
    const refusals = await Promise.all(fees.map(async (fee) => refusalFor(await fee)))
    const blockedRecipients = recipients
      .filter((_, index) => refusals[index] === 'ERR_DELIVERY_BLOCKED')
      .map(({ recipient }) => recipient)
    if (blockedRecipients.length > 0) {
      throw new RelayError('ERR_DELIVERY_BLOCKED', undefined, { details: { blockedRecipients } })
    }
    const refusal = refusals.find((code) => code !== null)
    if (refusal != null) throw new RelayError(refusal)
  }

  #toMessage(send: Send, to: Send['recipients'][number], nowMs: number): Message {
    const { sender, box, contentType, body } = send
    const messageId = to.messageId ?? this.#makeId(nowMs)
    return { recipient: to.recipient, box, sender, messageId, contentType, body, envelope: null, request: null }
  }

  /** With its envelope: verified, where the message can be read here. */
  #withEnvelope(placement: Placement, envelope: Envelope | null): Placement {
    if (envelope === null) return placement
    const { message, here, acceptedAtMs: nowMs } = placement
    const check = here === 'none' ? carryEnvelope : checkEnvelope
    const checked = check(message, envelope, nowMs, this.#deps)
    if ('refused' in checked) throw new RelayError(checked.refused)
    return { ...placement, message: { ...message, envelope: checked.envelope } }
  }

  /** Keeps the sender's request with what goes, or may go, to another host, and has no envelope to show there. */
  #withRequest(placements: Placement[], { signedRequest, recipients }: Send): Placement[] {
    const isShown = (placement: Placement): boolean => placement.message.envelope === null && goesOut(placement)
    if (signedRequest === undefined || !placements.some(isShown)) return placements
    const request = signedRequest()
    if (request.payload.length > maxRequestPayloadBytes) return placements
    return placements.map((placement, index) => {
      if (!isShown(placement)) return placement
      const { recipient } = placement.message
      const signedId = recipients[index]?.messageId ?? null
      const hash = requestHash(request.payload, { recipient, signedId }, this.#deps.verifier)
      return { ...placement, message: { ...placement.message, request: { ...request, hash } } }
    })
  }

  async #checkHandedOver(from: IdentityKey, user: IdentityKey, item: Incoming, nowMs: number): Promise<Checked> {
    const { recipient, box, sender, messageId, contentType, body, forwardId, proof } = item
    const { rules } = this.#deps
    if (rules.refuses('host', from) || rules.refuses('sender', sender)) {
      return { refused: 'ERR_DELIVERY_BLOCKED', description: blockedHere }
    }
    const untimely = timeRefusal(forwardIdTimeMs(forwardId), nowMs, this.#deps.memoryDays)
    if (untimely !== null) return { refused: untimely }
    const isHome = recipient === user && (await this.#deps.homes.has(recipient, box))
    if (!isHome) return { refused: 'ERR_RECIPIENT_NOT_HOSTED' }
    if (proof.kind === 'brc94') return { refused: 'ERR_INVALID_PARAMETERS' }
    const message = { recipient, box, sender, messageId, contentType, body, request: null }
    const arrival = { originHost: from, forwardId, receivedAtMs: nowMs }
    const { verifier } = this.#deps
    if (proof.kind === 'host') {
      const { request } = proof
      const known =
        request === undefined ? {} : { requestHash: requestHash(request.payload, { recipient, ...request }, verifier) }
      return withLeaf({ message: { ...message, envelope: null }, ...arrival, ...known }, verifier)
    }
    // However old it is: it was taken in time.
    const hash = verifyEnvelope(message, proof.envelope, verifier)
    if (hash === null) return { refused: 'ERR_INVALID_ENVELOPE' }
    return withLeaf({ message: { ...message, envelope: { ...proof.envelope, hash } }, ...arrival }, verifier)
  }

  async #check(originHost: IdentityKey, item: Incoming, nowMs: number): Promise<Checked> {
    const { rules } = this.#deps
    if (rules.refuses('host', originHost) || rules.refuses('sender', item.sender)) {
      return { refused: 'ERR_DELIVERY_BLOCKED', description: blockedHere }
    }
    const { homes, memoryDays } = this.#deps
    const refused = timeRefusal(forwardIdTimeMs(item.forwardId), nowMs, memoryDays)
    if (refused !== null) return { refused }
    if (!(await homes.has(item.recipient, item.box))) return { refused: 'ERR_RECIPIENT_NOT_HOSTED' }
    const checked = await checkProof(originHost, item, nowMs, this.#deps)
    if ('refused' in checked) return checked
    // Only now, so that nobody learns by a sender's bare name whom that sender's friends have blocked.
    const refusal = refusalFor(await this.#deps.permissions.fee(item.recipient, item.box, item.sender))
    if (refusal !== null) return { refused: refusal }
    const { recipient, box, sender, messageId, contentType, body, forwardId } = item
    const { envelope, request } = checked
    const message = { recipient, box, sender, messageId, contentType, body, envelope, request }
    return withLeaf({ message, originHost, forwardId, receivedAtMs: nowMs }, this.#deps.verifier)
  }

  /** A decimal id that a BRC-33 client can read as an integer: microseconds, never the same twice. */
  #makeId(nowMs: number): MessageId {
    this.#lastMadeId = Math.max(this.#lastMadeId + 1, nowMs * 1000)
    return String(this.#lastMadeId) as MessageId
  }
}
