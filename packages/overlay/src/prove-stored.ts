import { nativeHasher } from '@overpost/auth'
import { parseBeef, provenBy, RelayError, traceAncestry } from '@overpost/protocol'
import type { MerklePath } from '@bsv/sdk'
import type { HeaderChain } from './spv/header-chain.ts'
import type { OverlayStore, StoredTransaction } from './storage/overlay-store.ts'

/**
 * Sets a proof in every stored BEEF that needs it, in place of the Engine's `handleNewMerkleProof`, which checks no root, and sets the
 * proof on ancestors that it does not belong to. A transaction that was thought replaced is not. @returns how many changed
 */
export async function proveStored(
  txid: string,
  path: MerklePath,
  { store, headers }: { store: OverlayStore; headers: HeaderChain },
): Promise<number> {
  const bump = provingBump(txid, path)
  if (bump === null || !(await headers.isValidRootForHeight(bump.root, path.blockHeight))) {
    throw new RelayError('ERR_INVALID_PARAMETERS', 'The Merkle path does not prove the transaction.')
  }
  const changes = store.findTransactionsToProve(txid).map((stored) => withProof(stored, txid, bump))
  if (changes.length > 0) store.replaceBeefs(changes)
  store.standing.reinstate(txid)
  return changes.length
}

interface ProvingBump {
  readonly bytes: Uint8Array
  readonly height: number
  readonly root: string
}

/** The part of `path` that proves `txid`; null when there is none. */
function provingBump(txid: string, path: MerklePath): ProvingBump | null {
  try {
    const own = path.extract([txid])
    return { bytes: Uint8Array.from(own.toBinary()), height: own.blockHeight, root: own.computeRoot(txid) }
  } catch {
    return null
  }
}

function withProof(stored: StoredTransaction, txid: string, bump: ProvingBump) {
  const { subject, transactions, bumps } = parseBeef(stored.beef, nativeHasher)
  const ancestry = traceAncestry({ subject, transactions, bumps: new Map(bumps).set(txid, bump) })
  const { beef, unproven } = ancestry
  return {
    txid: stored.txid,
    beef,
    unproven,
    proofs: provenBy(ancestry),
    height: stored.txid === txid ? bump.height : stored.height,
  }
}
