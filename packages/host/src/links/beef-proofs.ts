import { Beef, type ChainTracker, type MerklePath, type Transaction } from '@bsv/sdk'
import { BoundedMap } from '@overpost/core'

/** A transaction that SPV holds of: it, or all that it spends, is in blocks of the chain, and its scripts ran. */
export interface ProvenTransaction {
  readonly txid: string
  readonly scripts: readonly Uint8Array[]
  /** The outpoints that it spends, as `<txid>.<vout>`. */
  readonly spends: ReadonlySet<string>
}

interface Remembered {
  readonly proven: ProvenTransaction
  readonly roots: readonly BlockRoot[]
}

interface BlockRoot {
  readonly root: string
  readonly height: number
}

const mostRemembered = 10_000
/** What is not mined yet must be run; so many transactions of one BEEF at most. */
const mostUnmined = 50
/** Memory that one script may use: our tokens need a few hundred bytes. */
const scriptMemoryBytes = 1_000_000

/**
 * Proves transactions of BEEFs that strangers hand us, and remembers on which blocks each proof rests: the same transaction
 * again costs a look at those blocks' headers only, and after a reorganisation it must be proven anew.
 */
export class BeefProofs {
  readonly #tracker: ChainTracker
  readonly #remembered = new BoundedMap<string, Remembered>(mostRemembered)

  constructor(tracker: ChainTracker) {
    this.#tracker = tracker
  }

  /**
   * The transaction `txid` of `beef`; null when the BEEF does not prove it.
   * @throws {HeadersUnavailable} when the block headers could not be asked: that says nothing of the BEEF.
   */
  async prove(beef: LinkedBeef, txid: string): Promise<ProvenTransaction | null> {
    const remembered = this.#remembered.get(txid)
    if (remembered !== undefined && (await this.#stillHolds(remembered.roots))) return remembered.proven
    const transaction = beef.transaction(txid)
    if (transaction === null || beef.unminedCount > mostUnmined) return null
    const recorder = new RecordingTracker(this.#tracker)
    if (!(await isValid(transaction, recorder))) {
      if (recorder.fault !== null) throw new HeadersUnavailable(recorder.fault)
      return null
    }
    const proven = describe(txid, transaction)
    this.#remembered.set(txid, { proven, roots: recorder.confirmed })
    return proven
  }

  async #stillHolds(roots: readonly BlockRoot[]): Promise<boolean> {
    try {
      const answers = await Promise.all(
        roots.map(({ root, height }) => this.#tracker.isValidRootForHeight(root, height)),
      )
      return answers.every((isOnChain) => isOnChain)
    } catch (cause) {
      throw new HeadersUnavailable(cause)
    }
  }
}

/** The block headers service could not be asked. */
export class HeadersUnavailable extends Error {
  constructor(cause: unknown) {
    super('the block headers could not be asked', { cause })
    this.name = 'HeadersUnavailable'
  }
}

/**
 * A parsed BEEF whose transactions know their proofs and the transactions that they spend. The SDK links one transaction at a
 * time and follows each path anew, which a BEEF can be built to make endless; here each is visited once.
 */
export class LinkedBeef {
  /** The id of the transaction that the BEEF is about: named in it, or its last one. */
  readonly subject: string | null
  readonly unminedCount: number
  readonly #transactions = new Map<string, Transaction>()

  /** @throws {Error} for bytes that are not a BEEF */
  constructor(bytes: Uint8Array) {
    const beef = Beef.fromBinary(bytes)
    for (const { txid, tx } of beef.txs) if (tx !== undefined) this.#transactions.set(txid, tx)
    this.subject = beef.atomicTxid ?? beef.txs.at(-1)?.txid ?? null
    const paths = new Map<string | undefined, MerklePath>()
    for (const bump of beef.bumps) for (const leaf of bump.path[0] ?? []) paths.set(leaf.hash, bump)
    let unmined = 0
    for (const [txid, transaction] of this.#transactions) {
      const path = paths.get(txid)
      if (path !== undefined) transaction.merklePath = path
      else {
        unmined += 1
        for (const input of transaction.inputs) {
          const source = this.#transactions.get(input.sourceTXID ?? '')
          if (source !== undefined) input.sourceTransaction = source
        }
      }
    }
    this.unminedCount = unmined
  }

  transaction(txid: string): Transaction | null {
    return this.#transactions.get(txid) ?? null
  }

  /** The id of a transaction in here that spends an outpoint; null when there is none. */
  spenderOf(txid: string, outputIndex: number): string | null {
    for (const [spender, { inputs }] of this.#transactions) {
      if (inputs.some((input) => input.sourceTXID === txid && input.sourceOutputIndex === outputIndex)) return spender
    }
    return null
  }
}

/** Passes questions on, and keeps what was confirmed and whether a question found no answer. */
class RecordingTracker implements ChainTracker {
  readonly confirmed: BlockRoot[] = []
  fault: unknown = null
  readonly #tracker: ChainTracker

  constructor(tracker: ChainTracker) {
    this.#tracker = tracker
  }

  async isValidRootForHeight(root: string, height: number): Promise<boolean> {
    const isOnChain = await this.#record(this.#tracker.isValidRootForHeight(root, height))
    if (isOnChain) this.confirmed.push({ root, height })
    return isOnChain
  }

  /**
   * The SDK asks for it only to refuse coinbases more than 100 blocks deep, where it means those less deep. No height is too
   * low for that; that a coinbase is mature is for the nodes that took its spender.
   */
  currentHeight(): Promise<number> {
    return Promise.resolve(0)
  }

  async #record<T>(question: Promise<T>): Promise<T> {
    try {
      return await question
    } catch (error) {
      this.fault = error
      throw error
    }
  }
}

async function isValid(transaction: Transaction, tracker: ChainTracker): Promise<boolean> {
  // A transaction that spends nothing would balance: zero in, zero out.
  if (transaction.merklePath === undefined && transaction.inputs.length === 0) return false
  try {
    return await transaction.verify(tracker, undefined, scriptMemoryBytes)
  } catch {
    return false
  }
}

function describe(txid: string, { inputs, outputs }: Transaction): ProvenTransaction {
  return {
    txid,
    scripts: outputs.map(({ lockingScript }) => Uint8Array.from(lockingScript.toBinary())),
    spends: new Set(inputs.map(({ sourceTXID, sourceOutputIndex }) => `${sourceTXID ?? ''}.${sourceOutputIndex}`)),
  }
}
