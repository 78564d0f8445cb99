import { join } from 'node:path'

import type { Verdict } from './accept-transaction.ts'
import { Callbacks, type CallbackBody, type Subscriber } from './callbacks.ts'
import { Ledger, type MinedBlock, type Whereabouts } from './ledger.ts'
import { parseSubmission } from './parse-submission.ts'
import type { ReorgOutcome, ReorgPlan } from './reorganize.ts'
import { Wallets } from './wallets.ts'

export interface ChainNodeOptions {
  /** Where the chain and the wallets are kept; null: in memory. */
  readonly dir: string | null
  /** How long a transaction waits for its block at most; 0: until somebody asks for blocks. */
  readonly blockIntervalMs: number
  readonly feeSatoshisPerKb: number
  readonly initialSatoshis: number
}

/** Everything of the local chain but its HTTP face: ledger, wallets, callbacks and the miner's timer. */
export class ChainNode implements AsyncDisposable {
  readonly ledger: Ledger
  readonly wallets: Wallets
  readonly feeSatoshisPerKb: number
  readonly #callbacks = new Callbacks()
  readonly #blockIntervalMs: number
  /** Refused double spends, newest last, with what took the coin: ARC remembers them, and so do its clients' questions. */
  readonly #losers = new Map<string, readonly string[]>()
  #timer: NodeJS.Timeout | null = null
  #timedBlock: Promise<unknown> = Promise.resolve()
  #isStopped = false

  constructor(options: ChainNodeOptions) {
    const { dir, feeSatoshisPerKb, initialSatoshis, blockIntervalMs } = options
    const file = (name: string) => (dir === null ? ':memory:' : join(dir, name))
    this.feeSatoshisPerKb = feeSatoshisPerKb
    this.#blockIntervalMs = blockIntervalMs
    this.ledger = new Ledger({
      filename: file('chain.sqlite'),
      feeSatoshisPerKb,
      onWaiting: () => this.#expectBlock(),
    })
    this.wallets = new Wallets({
      filename: file('wallets.sqlite'),
      feeSatoshisPerKb,
      initialSatoshis,
      ledger: this.ledger,
      mineBlock: () => this.#mine(1),
    })
  }

  /** To be called first. */
  async open(): Promise<void> {
    await this.ledger.open()
    await this.wallets.open()
  }

  /**
   * Takes a transaction of any form, standard, extended or BEEF; a known one is fine. Throws when the bytes are none.
   * The subscriber gets news of it from now on.
   */
  async submit(bytes: Uint8Array, subscriber: Subscriber | null): Promise<Verdict> {
    const verdict = await this.ledger.submit(parseSubmission(bytes))
    if (verdict.kind === 'unspendable') this.#rememberLoser(verdict.txid, verdict.competingTxs)
    if (verdict.kind !== 'seen') return verdict
    this.#losers.delete(verdict.txid)
    if (subscriber !== null) {
      this.#callbacks.subscribe(verdict.txid, subscriber)
      const found = await this.ledger.find(verdict.txid)
      if (found?.block != null) this.#callbacks.post(minedNews(found), subscriber)
    }
    return verdict
  }

  /** What was spent by others first: the transactions that did, and whether one of them is mined. Null when unknown. */
  async lostTo(txid: string): Promise<{ competingTxs: readonly string[]; isFinal: boolean } | null> {
    const competingTxs = this.#losers.get(txid)
    if (competingTxs === undefined) return null
    const found = await Promise.all(competingTxs.map((other) => this.ledger.find(other)))
    return { competingTxs, isFinal: found.some((other) => other?.block != null) }
  }

  /** Mines `count` blocks, the first with all that waits; resolves when the wallets hold the proofs. */
  mine(count: number): Promise<MinedBlock[]> {
    return this.wallets.exclusive(() => this.#mine(count))
  }

  /** See `reorganize`; `replacements` are transactions in any form. Resolves when the wallets know. */
  reorg(plan: ReorgPlan, replacements: readonly Uint8Array[]): Promise<ReorgOutcome> {
    const submissions = replacements.map(parseSubmission)
    return this.wallets.exclusive(async () => {
      const outcome = await this.ledger.reorg(plan, submissions)
      await this.wallets.afterReorg(outcome, await this.ledger.tip())
      for (const txid of outcome.movedTxids) await this.#tellMined(txid)
      for (const txid of outcome.returnedTxids) this.#callbacks.post(news(txid, 'MINED_IN_STALE_BLOCK'))
      for (const txid of outcome.droppedTxids) this.#callbacks.post(news(txid, 'REJECTED'))
      for (const submission of submissions) await this.#tellMined(submission.transactions.at(-1)?.id('hex') ?? '')
      return outcome
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true
    this.#cancelTimer()
    await this.#timedBlock
    await this.#callbacks[Symbol.asyncDispose]()
    await this.wallets[Symbol.asyncDispose]()
    await this.ledger[Symbol.asyncDispose]()
  }

  /** Only between the bookkeeping of the wallets. */
  async #mine(count: number): Promise<MinedBlock[]> {
    this.#cancelTimer()
    const blocks = await this.ledger.mine(count)
    await this.wallets.afterBlock(await this.ledger.tip())
    for (const { txids } of blocks) for (const txid of txids) await this.#tellMined(txid)
    return blocks
  }

  async #tellMined(txid: string): Promise<void> {
    if (!this.#callbacks.isAwaited(txid)) return
    const found = await this.ledger.find(txid)
    if (found?.block != null) this.#callbacks.post(minedNews(found))
  }

  #expectBlock(): void {
    if (this.#blockIntervalMs === 0 || this.#isStopped) return
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      this.#timedBlock = this.mine(1)
    }, this.#blockIntervalMs)
  }

  #cancelTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #rememberLoser(txid: string, competingTxs: readonly string[]): void {
    if (competingTxs.length === 0) return
    this.#losers.set(txid, competingTxs)
    const oldest = this.#losers.keys().next()
    if (this.#losers.size > 1000 && oldest.done !== true) this.#losers.delete(oldest.value)
  }
}

function minedNews({ txid, block }: Whereabouts): CallbackBody {
  if (block === null) throw new Error(`${txid} is not mined`)
  const { merklePath, hash, height } = block
  return { ...news(txid, 'MINED'), merklePath, blockHash: hash, blockHeight: height }
}

function news(txid: string, txStatus: CallbackBody['txStatus']): CallbackBody {
  return { timestamp: new Date().toISOString(), txid, txStatus }
}
