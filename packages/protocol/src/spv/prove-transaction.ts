import { Transaction, type ChainTracker } from '@bsv/sdk'
import type { Hasher } from '../signature-verifier.ts'
import { traceAncestry } from './ancestry.ts'
import { merkleRoot } from './merkle-root.ts'
import { numbersOf } from './numbers-of.ts'
import type { BeefTransaction, ParsedBeef } from './parse-beef.ts'

/** Where block headers are asked: whether a Merkle root is that of the block at a height. Rejects when they cannot be asked. */
export type HeaderSource = Pick<ChainTracker, 'isValidRootForHeight'>

/** A transaction that SPV holds of: it, or all that it spends, is in blocks of the chain, and its scripts ran. */
export interface ProvenTransaction {
  readonly txid: string
  /** The locking scripts of its outputs. */
  readonly scripts: readonly Uint8Array[]
  /** What it spends, as `<txid>.<vout>`. */
  readonly spends: ReadonlySet<string>
  /** The block that holds it; null while it waits for one. */
  readonly height: number | null
  /** The blocks on which the proof rests: while they are in the chain, it holds. */
  readonly blocks: readonly BlockRoot[]
}

export interface BlockRoot {
  readonly root: string
  readonly height: number
}

/** What is not mined yet must be run: so much memory for a script at most. What it may cost else, `traceAncestry` bounds. */
const scriptMemoryBytes = 1_000_000

/**
 * The transaction `txid` of a BEEF that a stranger handed us, when the BEEF proves it; else null. A transaction with a Merkle path
 * costs a few hashes and one question; others are run by the SDK, with all that they rest on.
 * @throws what `headers` rejects with: that they cannot be asked says nothing of the BEEF
 */
export async function proveTransaction(
  beef: ParsedBeef,
  txid: string,
  { headers, hasher }: { headers: HeaderSource; hasher: Hasher },
): Promise<ProvenTransaction | null> {
  const transaction = beef.transactions.get(txid)
  if (transaction === undefined) return null
  const bump = beef.bumps.get(txid)
  if (bump === undefined) return await proveByAncestors(transaction, beef, headers)
  const root = merkleRoot(bump, txid, hasher)
  if (root === null || !(await headers.isValidRootForHeight(root, bump.height))) return null
  return describe(transaction, bump.height, [{ root, height: bump.height }])
}

async function proveByAncestors(
  subject: BeefTransaction,
  beef: ParsedBeef,
  headers: HeaderSource,
): Promise<ProvenTransaction | null> {
  const blocks: BlockRoot[] = []
  const faults: unknown[] = []
  const tracker: ChainTracker = {
    // The SDK asks for it only to refuse coinbases more than 100 blocks deep, where it means those less deep.
    currentHeight: () => Promise.resolve(0),
    async isValidRootForHeight(root, height) {
      try {
        const isOnChain = await headers.isValidRootForHeight(root, height)
        if (isOnChain) blocks.push({ root, height })
        return isOnChain
      } catch (error) {
        faults.push(error)
        throw error
      }
    },
  }
  let isValid = false
  try {
    const least = traceAncestry({ ...beef, subject }).beef
    isValid = await Transaction.fromBEEF(numbersOf(least)).verify(tracker, undefined, scriptMemoryBytes)
  } catch {
    if (faults.length > 0) throw faults[0]
  }
  return isValid ? describe(subject, null, blocks) : null
}

function describe(
  { txid, lockingScripts, inputs }: BeefTransaction,
  height: number | null,
  blocks: readonly BlockRoot[],
): ProvenTransaction {
  const spends = new Set(inputs.map((input) => `${input.txid}.${input.outputIndex}`))
  return { txid, scripts: lockingScripts, spends, height, blocks }
}
