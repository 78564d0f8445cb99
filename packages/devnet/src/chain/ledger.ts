import { createHash } from 'node:crypto'

import { Transaction, UnlockingScript } from '@bsv/sdk'
import { RelayError } from '@overpost/protocol'

import { acceptTransaction, type AcceptanceRules, type Verdict } from './accept-transaction.ts'
import { LedgerServices } from './ledger-services.ts'
import { toLockingScript } from './locking-script.ts'
import { parseSubmission, type Submission } from './parse-submission.ts'
import { evict, firstRemovedHeight, reorganize, type ReorgOutcome, type ReorgPlan } from './reorganize.ts'
import { SerialQueue } from './serial-queue.ts'
import { openSqlite, type BlockHeader, type MockChainStorage } from './toolbox.ts'

export interface LedgerOptions {
  /** A file, or `:memory:`. */
  readonly filename: string
  readonly feeSatoshisPerKb: number
  /** Called when a transaction starts to wait for a block. */
  readonly onWaiting: () => void
}

/** A block that was just mined, with the transactions in it besides its coinbase. */
export interface MinedBlock {
  readonly header: BlockHeader
  readonly txids: readonly string[]
}

/** Where a known transaction is: `block` and `merklePath` (BRC-74, hexadecimal) are there once it is mined. */
export interface Whereabouts {
  readonly txid: string
  readonly block: { readonly height: number; readonly hash: string; readonly merklePath: string } | null
}

const coinbaseMaturityBlocks = 100
const anyoneCanSpend = [0x51] // OP_TRUE, what the mock chain pays its coinbases to
const anyoneCanSpendHash = createHash('sha256').update(Uint8Array.from(anyoneCanSpend)).digest('hex')

/**
 * The chain: blocks, mempool and unspent outputs, on the mock chain of wallet-toolbox. Whatever changes it runs one at a
 * time. Nothing is mined by itself.
 */
export class Ledger implements AsyncDisposable {
  readonly services: LedgerServices
  readonly #turns = new SerialQueue()
  readonly #feeSatoshisPerKb: number
  readonly #onWaiting: () => void

  constructor({ filename, feeSatoshisPerKb, onWaiting }: LedgerOptions) {
    this.#feeSatoshisPerKb = feeSatoshisPerKb
    this.#onWaiting = onWaiting
    this.services = new LedgerServices(openSqlite(filename), (beef) => this.submit(parseSubmission(beef)))
  }

  /** To be called first: a new chain gets so many blocks that its first coinbases can be spent. */
  async open(): Promise<void> {
    await this.services.initialize()
    // Two more than it takes for one: a pair of payments that do not hang on each other.
    const missing = coinbaseMaturityBlocks + 2 - (await this.services.getHeight())
    if (missing > 0) await this.mine(missing)
    if ((await this.#storage.getUnminedTransactions()).length > 0) this.#onWaiting()
  }

  /** Takes a transaction, its unmined ancestors first; a verdict on one of those is the verdict on the whole. */
  submit(submission: Submission): Promise<Verdict> {
    return this.#turns.run(() => this.#submit(submission))
  }

  async #submit({ form, transactions, roots }: Submission): Promise<Verdict> {
    const rules: AcceptanceRules = {
      feeSatoshisPerKb: this.#feeSatoshisPerKb,
      coinbaseMaturityBlocks,
      orphans: form !== 'raw',
    }
    const txid = transactions.at(-1)?.id('hex') ?? ''
    for (const { root, height } of roots) {
      if (await this.services.tracker.isValidRootForHeight(root, height)) continue
      return { kind: 'refused', txid, status: 469, reason: `no block ${height} has the Merkle root ${root}` }
    }
    let verdict: Verdict = { kind: 'refused', txid, status: 463, reason: 'there is no transaction' }
    for (const transaction of transactions) {
      verdict = await acceptTransaction(this.#storage, transaction, rules)
      if (verdict.kind !== 'seen') return { ...verdict, txid }
      if (verdict.isNew) this.#onWaiting()
    }
    return verdict
  }

  /** Mines `count` blocks; the first takes all that waits. */
  mine(count: number): Promise<MinedBlock[]> {
    return this.#turns.run(async () => {
      const blocks: MinedBlock[] = []
      for (let n = 0; n < count; n++) {
        const header = await this.services.mineBlock()
        blocks.push({ header, txids: await this.#txidsOf(header.height) })
      }
      return blocks
    })
  }

  /** See {@link reorganize}. What conflicts with a replacement is dropped first, and stays dropped if the replacement is refused. */
  reorg(plan: ReorgPlan, replacements: readonly Submission[]): Promise<ReorgOutcome> {
    return this.#turns.run(async () => {
      const firstHeight = await firstRemovedHeight(this.services, plan)
      const conflicting = await Promise.all(replacements.map((one) => this.#spendersOfInputs(one)))
      const doomed = [...new Set([...(plan.drop ?? []), ...conflicting.flat()])]
      const droppedTxids = await evict(this.#storage, doomed, firstHeight)
      const placed: string[] = []
      for (const replacement of replacements) {
        const verdict = await this.#submit(replacement)
        if (verdict.kind !== 'seen') throw new RelayError('ERR_INVALID_REQUEST', `A replacement: ${verdict.reason}.`)
        placed.push(verdict.txid)
      }
      const outcome = await reorganize(this.services, plan, placed)
      if (outcome.returnedTxids.length > 0) this.#onWaiting()
      return { ...outcome, droppedTxids }
    })
  }

  async #spendersOfInputs({ transactions }: Submission): Promise<string[]> {
    const spenders: string[] = []
    for (const transaction of transactions) {
      const txid = transaction.id('hex')
      for (const input of transaction.inputs) {
        const coin = await this.#storage.getUtxo(input.sourceTXID ?? '', input.sourceOutputIndex)
        const spender = coin?.spentByTxid ?? ''
        if (spender !== '' && spender !== txid) spenders.push(spender)
      }
    }
    return spenders
  }

  /** Pays from a coinbase, by way of the mempool. Returns the transaction's id; the payment is output 0. */
  pay(lockingScript: readonly number[], satoshis: number): Promise<string> {
    return this.#turns.run(async () => {
      const transaction = new Transaction()
      const feeSatoshis = this.#feeSatoshisPerKb + 1 // for 1 kB, far more than such a payment takes
      const coin = await this.#spareCoin(satoshis + feeSatoshis)
      transaction.addInput({
        sourceTXID: coin.txid,
        sourceOutputIndex: coin.outputIndex,
        unlockingScript: new UnlockingScript(),
        sequence: 0xffffffff,
      })
      transaction.addOutput({ lockingScript: toLockingScript(lockingScript), satoshis })
      const changeSatoshis = coin.satoshis - satoshis - feeSatoshis
      if (changeSatoshis > 0) {
        transaction.addOutput({ lockingScript: toLockingScript(anyoneCanSpend), satoshis: changeSatoshis })
      }
      const verdict = await this.#submit({ form: 'raw', transactions: [transaction], roots: [] })
      if (verdict.kind !== 'seen') throw new Error(`the faucet made a bad transaction: ${verdict.reason}`)
      return verdict.txid
    })
  }

  async #spareCoin(satoshis: number): Promise<{ txid: string; outputIndex: number; satoshis: number }> {
    const tipHeight = await this.services.getHeight()
    for (const row of await this.#storage.getUtxosByScriptHash(anyoneCanSpendHash)) {
      const isMature = !row.isCoinbase || tipHeight - (row.blockHeight ?? tipHeight) >= coinbaseMaturityBlocks
      if (isMature && (row.spentByTxid ?? '') === '' && row.satoshis >= satoshis) {
        return { txid: row.txid, outputIndex: row.vout, satoshis: row.satoshis }
      }
    }
    throw new RelayError('ERR_QUOTA_EXCEEDED', 'No coin of the faucet is that large; mine blocks or ask for less.')
  }

  /** Null when the chain does not know it. */
  async find(txid: string): Promise<Whereabouts | null> {
    const row = await this.#storage.getTransaction(txid)
    if (row === undefined) return null
    const { merklePath, header } = await this.services.getMerklePath(txid)
    if (merklePath === undefined || header === undefined) return { txid, block: null }
    return { txid, block: { height: header.height, hash: header.hash, merklePath: merklePath.toHex() } }
  }

  /** The transaction and all it takes to verify it (BRC-95). */
  async atomicBeef(txid: string): Promise<number[]> {
    return Array.from((await this.services.getBeefForTxid(txid)).toBinaryAtomic(txid))
  }

  tip(): Promise<BlockHeader> {
    return this.services.tracker.findChainTipHeader()
  }

  /** Headers from `height` upward, as many as there are of `count`. */
  async headers(height: number, count: number): Promise<BlockHeader[]> {
    const headers: BlockHeader[] = []
    for (let h = height; h < height + count; h++) {
      const header = await this.#storage.getBlockHeaderByHeight(h)
      if (header === undefined) break
      headers.push(header)
    }
    return headers
  }

  async headerByHash(hash: string): Promise<BlockHeader | null> {
    return (await this.#storage.getBlockHeaderByHash(hash)) ?? null
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turns.run(() => this.services.knex.destroy())
  }

  get #storage(): MockChainStorage {
    return this.services.storage
  }

  async #txidsOf(height: number): Promise<string[]> {
    const rows = await this.#storage.getTransactionsInBlock(height)
    return rows.filter((row) => row.blockIndex !== 0).map((row) => row.txid)
  }
}
