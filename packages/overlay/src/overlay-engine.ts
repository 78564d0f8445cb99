import { nativeHasher } from '@overpost/auth'
import { type Ancestry, numbersOf, parseBeef, type ParsedBeef, RelayError, traceAncestry } from '@overpost/protocol'
import { Engine, type LookupService, type TopicManager } from '@bsv/overlay'
import type { GASPNode } from '@bsv/gasp'
import { HTTPSOverlayBroadcastFacilitator, MerklePath, type Broadcaster, type STEAK, type TaggedBEEF } from '@bsv/sdk'
import type { Logger } from 'pino'
import { Admission } from './admission.ts'
import { broadcastOrThrow } from './broadcast.ts'
import { engineLogger } from './engine-logger.ts'
import { proveStored } from './prove-stored.ts'
import { SealedStorage } from './sealed-storage.ts'
import type { HeaderChain } from './spv/header-chain.ts'
import type { ClaimSink } from './lookups/token-lookup-service.ts'
import type { OverlayStore } from './storage/overlay-store.ts'
import type { TokenTopicManager } from './topics/token-topic-manager.ts'

const coinbaseMaturity = 100

export interface OverlayEngineParts {
  readonly store: OverlayStore
  readonly headers: HeaderChain
  /** Null: transactions are taken in and not broadcast. */
  readonly broadcaster: Broadcaster | null
  readonly topics: Readonly<Record<string, TokenTopicManager>>
  /** Makes the lookup services, with where they put what they read from admitted outputs. */
  readonly lookups: (sink?: ClaimSink) => Record<string, LookupService>
  readonly log: Logger
  /** Called after each admission that changed a topic, once it is on disk. */
  readonly onAdmission: () => void
}

/**
 * The Engine with admissions that are whole or not at all (decision 5), and without its ways to the public internet: no
 * advertiser, no trackers, no synchronisation by itself.
 */
export class OverlayEngine extends Engine {
  readonly #parts: OverlayEngineParts
  readonly #running = new Map<string, Promise<unknown>>()

  constructor(parts: OverlayEngineParts) {
    const { store, headers, topics, lookups, log } = parts
    super(...engineArguments(ownNames(topics), ownNames(lookups()), new SealedStorage(store), headers, undefined, log))
    this.#parts = parts
  }

  /**
   * Verifies a transaction (scripts, amounts, Merkle roots against the headers), lets the topics decide, broadcasts it unless
   * it is mined or concerns no topic, and writes it. Unknown topics are ignored when one is known. The same transaction again gets
   * the first answer.
   * @throws {RelayError} ERR_INVALID_PARAMETERS for what does not verify, ERR_UNAVAILABLE when headers or network cannot be asked
   */
  override async submit(
    { beef, topics }: TaggedBEEF,
    onSteakReady?: (steak: STEAK) => void,
    mode: 'historical-tx' | 'current-tx' = 'current-tx',
    offChainValues?: number[],
  ): Promise<STEAK> {
    const known = [...new Set(topics)].filter((topic) => this.managers[topic] !== undefined)
    if (known.length === 0) throw new RelayError('ERR_INVALID_PARAMETERS', 'This node hosts none of these topics.')
    const parsed = parseBeef(Uint8Array.from(beef), nativeHasher)
    const steak = await this.#oneAtATime(parsed.subject.txid, () => this.#takeIn(parsed, known, mode, offChainValues))
    onSteakReady?.(steak)
    return steak
  }

  /**
   * Sets a Merkle path, once it is checked against the headers, wherever the transaction is stored without one or with another.
   * @returns how many stored transactions changed
   * @throws {RelayError} ERR_INVALID_PARAMETERS when the path does not prove the transaction, ERR_UNAVAILABLE
   */
  async ingestProof(txid: string, path: MerklePath): Promise<number> {
    await this.#running.get(txid)?.catch(() => undefined) // ARC may call back before the transaction is on disk
    return proveStored(txid, path, this.#parts)
  }

  override async handleNewMerkleProof(txid: string, proof: MerklePath): Promise<void> {
    await this.ingestProof(txid, proof)
  }

  /** Finds the transaction in the BEEF of the graph's root. The Engine's way takes exponential time for some ancestries. */
  override provideForeignGASPNode(graphID: string, txid: string, outputIndex: number): Promise<GASPNode> {
    const [rootTxid = '', rootIndex = ''] = graphID.split('.')
    const root = this.#parts.store.findOutput({ txid: rootTxid, outputIndex: Number(rootIndex) }, {})
    const stored = root === null ? null : this.#parts.store.findTransaction(rootTxid)
    const { transactions, bumps } =
      stored === null ? { transactions: null, bumps: null } : parseBeef(stored.beef, nativeHasher)
    const found = transactions?.get(txid)
    if (found === undefined) {
      return Promise.reject(new RelayError('ERR_NOT_FOUND', 'There is no such transaction in this graph.'))
    }
    const bump = bumps?.get(txid)
    const proof = bump === undefined ? {} : { proof: toHex(bump.bytes) }
    return Promise.resolve({ graphID, rawTx: toHex(found.raw), outputIndex, ...proof })
  }

  /** Two submits of one transaction at once would both find it new. */
  async #oneAtATime<T>(txid: string, work: () => Promise<T>): Promise<T> {
    const before = this.#running.get(txid) ?? Promise.resolve()
    const running = before.catch(() => undefined).then(work)
    this.#running.set(txid, running)
    try {
      return await running
    } finally {
      if (this.#running.get(txid) === running) this.#running.delete(txid)
    }
  }

  async #takeIn(
    parsed: ParsedBeef,
    topics: readonly string[],
    mode: 'historical-tx' | 'current-tx',
    offChainValues: number[] | undefined,
  ): Promise<STEAK> {
    const { store, onAdmission } = this.#parts
    const { txid } = parsed.subject
    const answers = topics.map((topic) => [topic, store.answer(txid, topic)] as const)
    const fresh = answers.filter(([, answer]) => answer === null).map(([topic]) => topic)
    const steak: STEAK = {}
    for (const [topic, answer] of answers) if (answer !== null) steak[topic] = answer
    if (fresh.length < topics.length) await this.#refreshProof(parsed)
    if (fresh.length === 0) return steak

    const ancestry = traceAncestry(parsed)
    await this.#checkCoinbases(ancestry)
    const admission = new Admission(store)
    Object.assign(steak, await this.#runEngine(ancestry, admission, fresh, mode, offChainValues))
    if (store.record(admission.record(ancestry, pick(steak, fresh)))) onAdmission()
    return steak
  }

  /** A known transaction comes with a proof that we lack, or after we thought that it was replaced. A path that is wrong is ignored. */
  async #refreshProof({ subject: { txid }, bumps }: ParsedBeef): Promise<void> {
    const { store, onAdmission } = this.#parts
    const bump = bumps.get(txid)
    const isProven = store.findTransaction(txid)?.height != null
    const isReplaced = store.standing.isReplaced(txid)
    if (bump === undefined || (isProven && !isReplaced)) return
    try {
      await proveStored(txid, MerklePath.fromBinary(numbersOf(bump.bytes)), this.#parts)
      if (isReplaced) onAdmission()
    } catch (error) {
      this.#parts.log.debug({ err: error, txid }, 'a proof of a known transaction does not hold')
    }
  }

  /** The Engine's own `submit`, on an engine for this one transaction. */
  async #runEngine(
    { beef, transactions, subject }: Ancestry,
    admission: Admission,
    topics: readonly string[],
    mode: 'historical-tx' | 'current-tx',
    offChainValues: number[] | undefined,
  ): Promise<STEAK> {
    const { headers, lookups, log } = this.#parts
    const watch: Watch = { isRelevant: false, failures: [] }
    const managers = ownNames(Object.fromEntries(topics.map((topic) => [topic, this.#watched(topic, watch)])))
    const broadcaster = this.#broadcasterFor(watch)
    const engine = new Engine(
      ...engineArguments(managers, lookups(admission.addClaim), admission, headers, broadcaster, log),
    )
    const parents = new Map(transactions.map((transaction) => [transaction.txid, transaction]))
    for (const topic of topics) {
      for (const { txid, outputIndex } of subject.inputs) {
        const script = parents.get(txid)?.lockingScripts[outputIndex]
        if (script === undefined || this.#parts.topics[topic]?.isToken(script) !== true) continue
        watch.isRelevant = true
        await admission.markUTXOAsSpent(txid, outputIndex, topic) // known here already or not
      }
    }
    try {
      const steak = await engine.submit({ beef: numbersOf(beef), topics: [...topics] }, undefined, mode, offChainValues)
      if (watch.failures.length > 0) throw watch.failures[0]
      return steak
    } catch (cause) {
      if (cause instanceof RelayError || admission.wasAsked) throw cause
      throw new RelayError('ERR_INVALID_PARAMETERS', `The transaction does not verify: ${reason(cause)}`, { cause })
    }
  }

  /** The Engine reads an exception of a topic manager as "nothing admitted" and goes on: remembers it, to stop before the broadcast. */
  #watched(topic: string, watch: Watch): TopicManager {
    const manager = this.managers[topic]
    if (manager === undefined) throw new Error(`no manager of ${topic}`)
    return {
      identifyAdmissibleOutputs: async (beef, previousCoins, offChainValues) => {
        try {
          const decision = await manager.identifyAdmissibleOutputs(beef, previousCoins, offChainValues)
          if (decision.outputsToAdmit.length > 0 || previousCoins.length > 0) watch.isRelevant = true
          return decision
        } catch (error) {
          watch.failures.push(error)
          throw error
        }
      },
      getDocumentation: () => manager.getDocumentation(),
      getMetaData: () => manager.getMetaData(),
    }
  }

  #broadcasterFor(watch: Watch): Broadcaster {
    const { broadcaster } = this.#parts
    return {
      async broadcast(transaction) {
        if (watch.failures.length > 0) throw watch.failures[0]
        if (broadcaster === null || transaction.merklePath !== undefined || !watch.isRelevant) {
          return { status: 'success', txid: transaction.id('hex'), message: 'not broadcast' }
        }
        return broadcastOrThrow(broadcaster, transaction)
      },
    }
  }

  async #checkCoinbases({ coinbaseHeights }: Ancestry): Promise<void> {
    if (coinbaseHeights.length === 0) return
    const youngest = Math.max(...coinbaseHeights)
    if ((await this.#parts.headers.tipHeight()) + 1 - youngest < coinbaseMaturity) {
      throw new RelayError('ERR_INVALID_PARAMETERS', 'The transaction spends a coinbase that is not mature yet.')
    }
  }
}

interface Watch {
  isRelevant: boolean
  readonly failures: unknown[]
}

/** By position, as the Engine's constructor has them. Without explicit values it would sync with, and ask, public hosts. */
function engineArguments(
  managers: Record<string, TopicManager>,
  lookups: Record<string, LookupService>,
  storage: Admission | SealedStorage,
  headers: HeaderChain,
  broadcaster: Broadcaster | undefined,
  log: Logger,
): ConstructorParameters<typeof Engine> {
  const noSync = Object.fromEntries(Object.keys(managers).map((topic) => [topic, false as const]))
  return [
    managers,
    lookups,
    storage,
    headers.forVerification(),
    undefined, // hostingURL: only for its advertiser
    [], // shipTrackers
    [], // slapTrackers
    broadcaster,
    undefined, // advertiser
    noSync,
    false, // logTime
    '',
    true, // throwOnBroadcastFailure
    new HTTPSOverlayBroadcastFacilitator(), // never used by the Engine
    engineLogger(log),
    true, // suppressDefaultSyncAdvertisements
  ]
}

/** Without a prototype: `constructor` is no topic. */
function ownNames<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.assign(Object.create(null) as Record<string, T>, record)
}

function pick(steak: STEAK, topics: readonly string[]): STEAK {
  return Object.fromEntries(Object.entries(steak).filter(([topic]) => topics.includes(topic)))
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 300) : 'unknown reason'
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
