import { type Ancestry, provenBy } from '@overpost/protocol'
import type { AppliedTransaction, Output, Storage } from '@bsv/overlay'
import type { STEAK } from '@bsv/sdk'
import type { AdmissionRecord, Claim, Coin, TopicDecision } from './storage/admission-record.ts'
import type { OverlayStore } from './storage/overlay-store.ts'

type Outpoint = Output['consumedBy'][number]

/** The Engine's storage for reading. Outputs that the Engine deleted are still found, as spent ones. */
export class ReadableStorage {
  readonly #store: OverlayStore

  constructor(store: OverlayStore) {
    this.#store = store
  }

  findOutput(
    txid: string,
    outputIndex: number,
    topic?: string,
    spent?: boolean,
    withBeef?: boolean,
  ): Promise<Output | null> {
    return Promise.resolve(this.#store.findOutput({ txid, outputIndex }, { topic, spent, withBeef }))
  }

  findOutputsForTransaction(txid: string, withBeef = false): Promise<Output[]> {
    return Promise.resolve(this.#store.findOutputsOf(txid, { withBeef }))
  }

  findUTXOsForTopic(topic: string, since = 0, limit = maxPage, withBeef = false): Promise<Output[]> {
    return Promise.resolve(this.#store.findLiveOutputs(topic, { since, limit, withBeef }))
  }

  doesAppliedTransactionExist({ txid, topic }: AppliedTransaction): Promise<boolean> {
    return Promise.resolve(this.#store.answer(txid, topic) !== null)
  }

  getLastInteraction(host: string, topic: string): Promise<number> {
    return Promise.resolve(this.#store.lastInteraction(host, topic))
  }

  updateLastInteraction(host: string, topic: string, since: number): Promise<void> {
    this.#store.setLastInteraction(host, topic, since)
    return Promise.resolve()
  }
}

/** What the Engine asks for in one page of GASP. */
export const maxPage = 10_000

/**
 * The Engine's storage while it takes in one transaction: reads the store, collects what is to be written. {@link record} gives it
 * as one piece (decision 5).
 */
export class Admission extends ReadableStorage implements Storage {
  /** The Engine asks whether the transaction is known right after it verified it. */
  wasAsked = false
  readonly #outputs: Output[] = []
  readonly #claims = new Map<string, Map<number, Claim>>()
  readonly #spent: (Coin & { topic: string })[] = []
  readonly #consumed: { topic: string; coin: Coin; by: Outpoint[] }[] = []

  override doesAppliedTransactionExist(transaction: AppliedTransaction): Promise<boolean> {
    this.wasAsked = true
    return super.doesAppliedTransactionExist(transaction)
  }

  insertOutput(output: Output): Promise<void> {
    this.#outputs.push(output)
    return Promise.resolve()
  }

  markUTXOAsSpent(txid: string, outputIndex: number, topic: string): Promise<void> {
    this.#spent.push({ txid, outputIndex, topic })
    return Promise.resolve()
  }

  /** The Engine deletes what is spent and not retained; we keep it, marked as spent. */
  deleteOutput(txid: string, outputIndex: number, topic: string): Promise<void> {
    return this.markUTXOAsSpent(txid, outputIndex, topic)
  }

  updateConsumedBy(txid: string, outputIndex: number, topic: string, consumedBy: Outpoint[]): Promise<void> {
    this.#consumed.push({ topic, coin: { txid, outputIndex }, by: consumedBy })
    return Promise.resolve()
  }

  /** Written with the rest. */
  insertAppliedTransaction(): Promise<void> {
    return Promise.resolve()
  }

  /** Proofs come in by `ingestProof` only, never during a submit. */
  updateTransactionBEEF(): Promise<void> {
    return Promise.reject(new Error('no proof is changed while a transaction is taken in'))
  }

  /** What a lookup service reads from an admitted output. */
  readonly addClaim = (topic: string, outputIndex: number, claim: Claim): void => {
    const ofTopic = this.#claims.get(topic) ?? new Map<number, Claim>()
    this.#claims.set(topic, ofTopic.set(outputIndex, claim))
  }

  record(ancestry: Ancestry, steak: STEAK): AdmissionRecord {
    const { subject, proof, unproven, beef } = ancestry
    return {
      txid: subject.txid,
      beef,
      height: proof?.height ?? null,
      unproven,
      proofs: provenBy(ancestry),
      inputs: subject.inputs.map(({ txid, outputIndex }) => ({ txid, outputIndex })),
      topics: new Map(
        Object.entries(steak).map(([topic, answer]): [string, TopicDecision] => [
          topic,
          {
            answer,
            admitted: this.#outputs.filter((output) => output.topic === topic),
            claims: this.#claims.get(topic) ?? new Map<number, Claim>(),
            spent: this.#spent.filter((coin) => coin.topic === topic),
            consumedBy: this.#consumed.filter((entry) => entry.topic === topic),
          },
        ]),
      ),
    }
  }
}
