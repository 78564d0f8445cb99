import { Beef, type ChainTracker, type Transaction } from '@bsv/sdk'

/** A transaction that SPV holds of: it, or all that it spends, is in blocks of the chain, and its scripts ran. */
export interface ProvenTransaction {
  readonly txid: string
  /** The locking scripts of its outputs. */
  readonly scripts: readonly Uint8Array[]
  /** What it spends, as `<txid>.<vout>`. */
  readonly spends: ReadonlySet<string>
  /** The block that holds it; null while it waits for one. */
  readonly height: number | null
}

/** What is not mined yet must be run: so many transactions of one BEEF at most, and so much memory for a script. */
const mostUnmined = 50
const scriptMemoryBytes = 1_000_000

/**
 * The transaction that a BEEF (BRC-62, 95, 96) is about, when the BEEF proves it against `chainTracker`; else null.
 * @throws what the chain tracker throws: that it cannot be asked says nothing of the BEEF
 */
export async function proveTransaction(bytes: number[], chainTracker: ChainTracker): Promise<ProvenTransaction | null> {
  const transaction = subjectOf(bytes)
  if (transaction === null) return null
  const faults: unknown[] = []
  const tracker: ChainTracker = {
    // Asked for only to refuse coinbases more than 100 blocks deep, where the SDK means those less deep.
    currentHeight: () => Promise.resolve(0),
    async isValidRootForHeight(root, height) {
      try {
        return await chainTracker.isValidRootForHeight(root, height)
      } catch (error) {
        faults.push(error)
        throw error
      }
    },
  }
  const isProven = await transaction.verify(tracker, undefined, scriptMemoryBytes).catch(() => false)
  if (faults.length > 0) throw new Error('the block headers could not be asked', { cause: faults[0] })
  return isProven ? describe(transaction) : null
}

/** The subject with its sources and proofs linked, each transaction once: a BEEF can be built to make following paths endless. */
function subjectOf(bytes: number[]): Transaction | null {
  let beef: Beef
  try {
    beef = Beef.fromBinary(bytes)
  } catch {
    return null
  }
  const transactions = new Map<string, Transaction>()
  for (const { txid, tx } of beef.txs) if (tx !== undefined) transactions.set(txid, tx)
  let unmined = 0
  for (const [txid, transaction] of transactions) {
    const path = beef.bumps.find((bump) => bump.path[0]?.some(({ hash }) => hash === txid))
    if (path !== undefined) {
      transaction.merklePath = path
      continue
    }
    unmined += 1
    // What spends nothing would balance: zero in, zero out.
    if (unmined > mostUnmined || transaction.inputs.length === 0) return null
    for (const input of transaction.inputs) {
      const source = transactions.get(input.sourceTXID ?? '')
      if (source !== undefined) input.sourceTransaction = source
    }
  }
  return transactions.get(beef.atomicTxid ?? beef.txs.at(-1)?.txid ?? '') ?? null
}

function describe(transaction: Transaction): ProvenTransaction {
  return {
    txid: transaction.id('hex'),
    scripts: transaction.outputs.map(({ lockingScript }) => Uint8Array.from(lockingScript.toBinary())),
    spends: new Set(
      transaction.inputs.map(({ sourceTXID, sourceOutputIndex }) => `${sourceTXID ?? ''}.${sourceOutputIndex}`),
    ),
    height: transaction.merklePath?.blockHeight ?? null,
  }
}
