import { HostSession, type IdentityWallet, type SessionAnswer, type Transport } from '@overpost/auth'
import {
  BoundedMap,
  type AcknowledgementLink,
  type CallAnswer,
  type Clock,
  type Destination,
  type HandoverLink,
  type HostLink,
  type LogLink,
  type Parcel,
  type ParcelAnswer,
} from '@overpost/core'
import {
  bytesToHex,
  syncAcknowledgementsToJson,
  type SignedHandover,
  type SyncAcknowledgements,
} from '@overpost/protocol'
import pRetry from 'p-retry'
import { handoverJson, PropagateItems, type PropagateItem, type PropagateItemsDeps } from './propagate-items.ts'
import { isConnectionFault, reasonOf } from './connection-fault.ts'
import {
  codeOf,
  readPlainResults,
  readResults,
  readSingle,
  refusalOf,
  refusedCall,
  unanswered,
  type SingleAnswer,
} from './propagate-answers.ts'
import type { ReadReceiptsDeps } from './read-receipts.ts'

export interface HttpHostLinkDeps extends PropagateItemsDeps, Omit<ReadReceiptsDeps, 'wallet'> {
  readonly wallet: IdentityWallet
  /** See `outgoing.ts`. */
  readonly transport: Transport
  readonly clock: Pick<Clock, 'nowMs'>
  readonly options: {
    /** The one deadline of a call, its quick retries included. */
    readonly callTimeoutMs: number
    /** The largest batch, as it is sent. */
    readonly batchBytes: number
  }
}

const mostHosts = 1_000
const singlesOnlyMs = 10 * 60 * 1000
const answerBytes = 16_384
const answerBytesPerParcel = 1_024
/** Of an acknowledgement; 404: a host that knows no such call. */
const finalRefusals = new Set([400, 403, 404, 405])
const quickRetries = { retries: 2, minTimeout: 200, factor: 3, randomize: true }

/**
 * Hands parcels to other hosts over authenticated HTTP: `POST /propagateMessages`, or `/propagateMessage` for one, and one by
 * one for a host that has no other (docs/specs/propagate.md). The host's key is pinned: whoever cannot sign with it gets nothing that
 * counts as delivered.
 */
export class HttpHostLink implements HostLink, HandoverLink, AcknowledgementLink, LogLink {
  readonly #deps: HttpHostLinkDeps
  readonly #items: PropagateItems
  readonly #sessions = new BoundedMap<string, HostSession>(mostHosts)
  readonly #singlesOnlyUntilMs = new BoundedMap<string, number>(mostHosts)

  constructor(deps: HttpHostLinkDeps) {
    this.#deps = deps
    this.#items = new PropagateItems(deps)
  }

  async propagate(destination: Destination, parcels: readonly Parcel[], signal: AbortSignal): Promise<CallAnswer> {
    const deadline = AbortSignal.timeout(this.#deps.options.callTimeoutMs)
    const until = AbortSignal.any([signal, deadline])
    const items = await Promise.all(parcels.map((parcel) => this.#items.first(parcel, destination)))
    const answer = await this.#send(destination, items, until, deadline)
    return answer.kind === 'answered' ? await this.#sendAgain(destination, items, answer, until, deadline) : answer
  }

  async syncAcknowledgements(
    destination: Destination,
    sync: SyncAcknowledgements,
    signal: AbortSignal,
  ): Promise<'taken' | 'refused' | 'failed'> {
    const until = AbortSignal.any([signal, AbortSignal.timeout(this.#deps.options.callTimeoutMs)])
    const body = JSON.stringify(syncAcknowledgementsToJson(sync))
    try {
      const answer = await call(this.#session(destination), '/syncAcknowledgements', body, 1, until)
      if (answer.status === 200) return 'taken'
      // Not a home yet, or not any more: its adverts say otherwise, so it is asked again.
      const isFinal = finalRefusals.has(answer.status) && codeOf(answer) !== 'ERR_RECIPIENT_NOT_HOSTED'
      return isFinal ? 'refused' : 'failed'
    } catch {
      return 'failed'
    }
  }

  async tellLog(destination: Destination, log: string, signal: AbortSignal): Promise<'taken' | 'refused' | 'failed'> {
    const until = AbortSignal.any([signal, AbortSignal.timeout(this.#deps.options.callTimeoutMs)])
    try {
      const { status } = await call(this.#session(destination), '/resendMessages', JSON.stringify({ log }), 1, until)
      return status === 200 ? 'taken' : finalRefusals.has(status) ? 'refused' : 'failed'
    } catch {
      return 'failed'
    }
  }

  async handOver(
    destination: Destination,
    { userKey, atMs, signature }: SignedHandover,
    messages: Parameters<HandoverLink['handOver']>[2],
    signal: AbortSignal,
  ): Promise<CallAnswer> {
    const deadline = AbortSignal.timeout(this.#deps.options.callTimeoutMs)
    const until = AbortSignal.any([signal, deadline])
    const head = JSON.stringify({ userKey, atMs, signature: bytesToHex(signature) })
    const items = messages.map(handoverJson)
    const body = `${head.slice(0, -1)},"messages":[${items.join(',')}]}`
    try {
      const answer = await call(this.#session(destination), '/handoverMessages', body, items.length, until)
      return answer.status === 200 ? readPlainResults(answer, items.length) : refusedCall(answer)
    } catch (error) {
      if (deadline.aborted) return { kind: 'unreachable', reason: 'no answer in time' }
      return refusalOf(error) ?? { kind: 'unreachable', reason: reasonOf(error) }
    }
  }

  /** Shows at once what the other host lacks to believe a sender. */
  async #sendAgain(
    destination: Destination,
    items: readonly PropagateItem[],
    first: CallAnswer & { kind: 'answered' },
    until: AbortSignal,
    deadline: AbortSignal,
  ): Promise<CallAnswer> {
    const again: { at: number; item: PropagateItem }[] = []
    for (const [at, answer] of first.answers.entries()) {
      const item = items[at]
      if (item === undefined) continue
      this.#items.answered(item, answer, destination)
      const next = await this.#items.second(item, answer, destination)
      if (next !== null) again.push({ at, item: next })
    }
    if (again.length === 0) return first
    const repeated = again.map(({ item }) => item)
    const second = await this.#send(destination, repeated, until, deadline)
    const merged = [...first.answers]
    for (const [index, { at, item }] of again.entries()) {
      // What was not answered for the second time goes again later: the first answer was no end.
      const answer = (second.kind === 'answered' ? second.answers[index] : undefined) ?? unanswered
      this.#items.answered(item, answer, destination)
      merged[at] = answer
    }
    return { ...first, answers: merged }
  }

  async #send(
    destination: Destination,
    items: readonly PropagateItem[],
    until: AbortSignal,
    deadline: AbortSignal,
  ): Promise<CallAnswer> {
    const session = this.#session(destination)
    try {
      if (items.length === 1 || this.#takesSinglesOnly(destination))
        return await this.#oneByOne(session, destination, items, until)
      return await this.#batch(session, destination, items, until)
    } catch (error) {
      if (deadline.aborted) return { kind: 'unreachable', reason: 'no answer in time' }
      return refusalOf(error) ?? { kind: 'unreachable', reason: reasonOf(error) }
    }
  }

  async #batch(
    session: HostSession,
    destination: Destination,
    items: readonly PropagateItem[],
    signal: AbortSignal,
  ): Promise<CallAnswer> {
    const body = `{"messages":[${items.map(({ json }) => json).join(',')}]}`
    // What the other host would refuse for its size needs no call to be halved.
    if (Buffer.byteLength(body) > this.#deps.options.batchBytes) {
      return { kind: 'refused', status: 413, code: 'ERR_BODY_TOO_LARGE', retryAfterMs: null }
    }
    const answer = await call(session, '/propagateMessages', body, items.length, signal)
    if (answer.status === 200) return readResults(answer, items, destination, this.#deps)
    if (answer.status === 404 || answer.status === 405) {
      this.#singlesOnlyUntilMs.set(nameOf(destination), this.#deps.clock.nowMs() + singlesOnlyMs)
      return await this.#oneByOne(session, destination, items, signal)
    }
    return refusedCall(answer)
  }

  /** The answers so far when a later call fails: the rest goes again. */
  async #oneByOne(
    session: HostSession,
    destination: Destination,
    items: readonly PropagateItem[],
    signal: AbortSignal,
  ): Promise<CallAnswer> {
    const answers: ParcelAnswer[] = []
    let named: { log?: string } = {}
    for (const item of items) {
      let one: SingleAnswer
      try {
        const answer = await call(session, '/propagateMessage', item.json, 1, signal)
        one = readSingle(answer, item, destination, this.#deps)
      } catch (error) {
        if (answers.length > 0) break
        throw error
      }
      if (one.kind === 'unreachable' || 'retryAfterMs' in one) {
        if (answers.length > 0) break
        return one
      }
      const { log, ...answer } = { log: undefined, ...one }
      if (log !== undefined) named = { log }
      answers.push(answer)
    }
    return { kind: 'answered', answers, ...named }
  }

  #session(destination: Destination): HostSession {
    const name = nameOf(destination)
    let session = this.#sessions.get(name)
    if (session === undefined) {
      const { wallet, transport } = this.#deps
      const { origin, hostKey } = destination
      session = new HostSession({ wallet, transport, origin, expectedHostKey: hostKey })
      this.#sessions.set(name, session)
    }
    return session
  }

  #takesSinglesOnly(destination: Destination): boolean {
    return (this.#singlesOnlyUntilMs.get(nameOf(destination)) ?? 0) > this.#deps.clock.nowMs()
  }
}

/** Tries again within seconds when the connection failed: the other host may just be starting, and knows a repeat by its id. */
function call(
  session: HostSession,
  path: string,
  body: string,
  parcels: number,
  signal: AbortSignal,
): Promise<SessionAnswer> {
  const maxAnswerBytes = answerBytes + parcels * answerBytesPerParcel
  return pRetry(() => session.call({ method: 'POST', path, body, signal, maxAnswerBytes }), {
    ...quickRetries,
    signal,
    shouldRetry: ({ error }) => isConnectionFault(error),
  })
}

function nameOf({ hostKey, origin }: Destination): string {
  return `${hostKey} ${origin}`
}
