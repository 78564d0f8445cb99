import { nativeHasher } from '@overpost/auth'
import { parseBeef } from '@overpost/protocol'
import type { MerklePath } from '@bsv/sdk'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { OverlayStore } from '../storage/overlay-store.ts'
import type { HeaderService } from './header-service.ts'
import type { AskStatus } from './transaction-status.ts'

export interface ChainFollowerParts {
  readonly store: OverlayStore
  readonly service: HeaderService
  /** Null: nobody can be asked; new paths come by callback only. */
  readonly askStatus: AskStatus | null
  /** Takes a new path, checked. @throws {Error} when it proves nothing */
  readonly ingest: (txid: string, path: MerklePath) => Promise<unknown>
  /** A block that proofs stood on is no longer on the chain. */
  readonly onReorg: () => void
  /** What is live, or spent, or admitted changed. */
  readonly onChange: () => void
  readonly pollMs: number
  /** A block with so many above it stays. */
  readonly reorgBlocks: number
  readonly log: Logger
}

interface Doubt {
  tries: number
  dueMs: number
  /** How often in a row the network refused it. */
  refusals: number
}

const headersAtOnce = 100
const maxAsksPerRound = 200
const maxDoubts = 10_000
const unprovenPerRound = 20
const lastRetryMs = 600_000
/** A refusal counts when it is repeated: the first may be for a parent that is not back yet. */
const refusalsThatCount = 2
const replacedRechecks = 12

/**
 * Follows the longest chain. Each round it compares the blocks that stored proofs stand on with the headers; of each transaction whose block was
 * orphaned it asks for the new path, until there is one, or until it turns out that another transaction took its place. Then what it
 * admitted is evicted, and what it spent is live again. Transactions without a proof are asked for too, a few each round, since one can lose to
 * another before it is mined. What was replaced is asked for some more times: the chain may turn back again.
 */
export class ChainFollower {
  readonly #parts: ChainFollowerParts
  readonly #stop = new AbortController()
  readonly #doubts = new Map<string, Doubt>()
  #rounds: Promise<void> = Promise.resolve()
  #turn: Promise<void> = Promise.resolve()
  #tip = ''
  #unprovenAfter = ''

  constructor(parts: ChainFollowerParts) {
    this.#parts = parts
    for (const txid of parts.store.standing.replaced(100)) this.suspect(txid)
  }

  /** Transactions whose place on the chain is not known right now. */
  get doubtful(): number {
    return this.#doubts.size
  }

  start(): void {
    this.#rounds = this.#run()
  }

  /** Somebody says that something happened to `txid`: it is asked for in the next round. */
  suspect(txid: string): void {
    const doubt = this.#doubts.get(txid)
    if (doubt !== undefined) doubt.dueMs = 0
    else if (this.#doubts.size < maxDoubts) this.#doubts.set(txid, { tries: 0, dueMs: 0, refusals: 0 })
  }

  /** One round, after those that run. @throws {Error} when the header service does not answer */
  round(): Promise<void> {
    const turn = this.#turn.catch(() => undefined).then(() => this.#round())
    this.#turn = turn
    return turn
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#rounds
  }

  async #run(): Promise<void> {
    const { pollMs, log } = this.#parts
    const { signal } = this.#stop
    while (!signal.aborted) {
      await this.round().catch((error: unknown) => log.warn({ err: error }, 'the chain cannot be followed'))
      await sleep(pollMs, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }

  async #round(): Promise<void> {
    const tip = await this.#parts.service.tip()
    if (tip.hash !== this.#tip) {
      await this.#compare(tip.height)
      this.#tip = tip.hash
      for (const doubt of this.#doubts.values()) doubt.dueMs = 0
    }
    this.#doubtUnproven()
    await this.#settleDoubts()
  }

  /** Blocks in the store against those on the chain. */
  async #compare(tipHeight: number): Promise<void> {
    const { store, service, onReorg, reorgBlocks, log } = this.#parts
    const blocks = store.proofs.blocks()
    let known = { from: 0, roots: [] as readonly string[] }
    let orphans = 0
    for (const block of blocks) {
      const { height, root } = block
      if (height >= known.from + headersAtOnce || known.from === 0) {
        known = { from: height, roots: await service.roots(height, headersAtOnce) }
      }
      const isOnChain = known.roots[height - known.from] === root
      if (isOnChain && height + reorgBlocks <= tipHeight) store.proofs.settle(block)
      if (isOnChain) continue
      orphans++
      for (const txid of store.proofs.provenIn(block)) this.suspect(txid)
    }
    if (orphans === 0) return
    onReorg()
    log.warn({ blocks: orphans, transactions: this.#doubts.size }, 'blocks of stored proofs are not on the chain')
  }

  #doubtUnproven(): void {
    if (this.#parts.askStatus === null) return
    const txids = this.#parts.store.proofs.unproven({ after: this.#unprovenAfter, limit: unprovenPerRound })
    this.#unprovenAfter = txids.length < unprovenPerRound ? '' : (txids.at(-1) ?? '')
    for (const txid of txids) if (!this.#doubts.has(txid)) this.suspect(txid)
  }

  async #settleDoubts(): Promise<void> {
    const { askStatus } = this.#parts
    if (askStatus === null) return
    const due = [...this.#doubts].filter(([, { dueMs }]) => dueMs <= performance.now()).slice(0, maxAsksPerRound)
    for (const [txid, doubt] of due) {
      if (this.#stop.signal.aborted) return
      if (await this.#isSettled(txid, doubt, askStatus)) {
        this.#doubts.delete(txid)
        continue
      }
      const waitMs = Math.min(this.#parts.pollMs * 2 ** Math.min(doubt.tries++, 20), lastRetryMs)
      doubt.dueMs = performance.now() + waitMs
    }
  }

  /** @returns whether nothing is left to be asked about it */
  async #isSettled(txid: string, doubt: Doubt, askStatus: AskStatus): Promise<boolean> {
    const { store, ingest, onChange, log } = this.#parts
    const holder = store.proofs.holderOf(txid)
    if (holder === null) return true // it is not kept here
    const status = await askStatus(txid, () => parseBeef(holder, nativeHasher).transactions.get(txid)?.raw ?? null)
    doubt.refusals = status.kind === 'refused' ? doubt.refusals + 1 : 0
    if (status.kind === 'mined') {
      const wasTaken = await ingest(txid, status.path).then(
        () => true,
        (error: unknown) => {
          log.info({ err: error, txid }, 'a new path does not prove the transaction yet')
          return false
        },
      )
      if (wasTaken) onChange()
      return wasTaken
    }
    if (status.kind === 'waiting' && store.standing.reinstate(txid)) {
      log.warn({ txid }, 'a replaced transaction is back')
      onChange()
    }
    const isReplaced = status.kind === 'replaced' || doubt.refusals >= refusalsThatCount
    if (!isReplaced) return false
    const changed = store.standing.replace(txid)
    if (changed.length > 0) {
      log.warn({ txid, transactions: changed }, 'a transaction was replaced by another one')
      doubt.tries = 0
      onChange()
    }
    return doubt.tries > replacedRechecks
  }
}
