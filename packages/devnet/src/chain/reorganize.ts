import { RelayError } from '@overpost/protocol'

import { MockChainStorage, type MockServices } from './toolbox.ts'

/** What the new branch is to look like. */
export interface ReorgPlan {
  /** How many blocks are taken off the tip: 1 to 99, so that no coinbase that was spent is touched. */
  readonly depth: number
  /** How many blocks the new branch has, more than `depth`; `depth + 1` when left out. */
  readonly blocks?: number
  /** Transactions of the removed blocks that go back to the mempool instead, with whatever spends them. */
  readonly leaveOut?: readonly string[]
  /** Transactions, mined in the removed blocks or still waiting, that vanish with whatever spends them. */
  readonly drop?: readonly string[]
}

export interface ReorgOutcome {
  /** Hashes of the removed blocks, lowest first. */
  readonly removedHashes: readonly string[]
  /** Height of the lowest new block. */
  readonly firstHeight: number
  /** Mined before and mined again, at other heights. */
  readonly movedTxids: readonly string[]
  /** Mined before, now waiting. */
  readonly returnedTxids: readonly string[]
  /** Gone for good. */
  readonly droppedTxids: readonly string[]
}

/** The deepest reorg: a coinbase can be spent 100 blocks later, and the mock chain forgets that it was spent. */
export const maxReorgDepth = 99

/**
 * Takes `depth` blocks off the tip and builds a longer branch. Transactions of the n-th removed block move to the n+1-th
 * new one, so that every Merkle path changes. `replacements` (already in the mempool) are mined in the last new block of
 * those that hold old transactions.
 */
export async function reorganize(
  services: MockServices,
  plan: ReorgPlan,
  replacements: readonly string[] = [],
): Promise<ReorgOutcome> {
  const { storage } = services
  const { depth, blocks = depth + 1, leaveOut = [] } = plan
  const tipHeight = await services.getHeight()
  const firstHeight = await firstRemovedHeight(services, plan)

  const returned = new Set<string>()
  for (const txid of leaveOut) for (const one of await withDescendants(storage, txid)) returned.add(one)

  const removedHashes: string[] = []
  const placeByTxid: Record<string, number> = {}
  const returnedTxids: string[] = []
  for (let height = firstHeight; height <= tipHeight; height++) {
    const header = await storage.getBlockHeaderByHeight(height)
    if (header !== undefined) removedHashes.push(header.hash)
    for (const { txid, blockIndex } of await storage.getTransactionsInBlock(height)) {
      if (blockIndex === 0) continue // the coinbase
      if (returned.has(txid)) returnedTxids.push(txid)
      else placeByTxid[txid] = height - firstHeight + 1
    }
  }
  const movedTxids = Object.keys(placeByTxid)
  for (const txid of replacements) placeByTxid[txid] = depth
  await services.reorg(firstHeight, blocks, placeByTxid)
  return { removedHashes, firstHeight, movedTxids, returnedTxids, droppedTxids: [] }
}

/** The height of the lowest block that a plan removes. Throws ERR_INVALID_REQUEST when the plan cannot be carried out. */
export async function firstRemovedHeight(services: MockServices, { depth, blocks }: ReorgPlan): Promise<number> {
  const tipHeight = await services.getHeight()
  if (depth < 1 || depth > Math.min(maxReorgDepth, tipHeight)) {
    throw new RelayError('ERR_INVALID_REQUEST', `The depth must be 1 to ${Math.min(maxReorgDepth, tipHeight)}.`)
  }
  if (blocks !== undefined && blocks <= depth) {
    throw new RelayError('ERR_INVALID_REQUEST', 'The new branch must be longer than the old.')
  }
  return tipHeight - depth + 1
}

/**
 * Makes the chain forget transactions and whatever spends them; what they spent is unspent again. None may be in a block
 * below `firstHeight`. Returns all that vanished, children first.
 */
export async function evict(
  storage: MockChainStorage,
  txids: readonly string[],
  firstHeight: number,
): Promise<readonly string[]> {
  const doomed = new Set<string>()
  for (const txid of txids) for (const one of await withDescendants(storage, txid)) doomed.add(one)
  for (const txid of doomed) {
    const row = await storage.getTransaction(txid)
    if (row === undefined) throw new RelayError('ERR_INVALID_REQUEST', `Transaction ${txid} is not known.`)
    if (row.blockIndex === 0) throw new RelayError('ERR_INVALID_REQUEST', `Transaction ${txid} is a coinbase.`)
    if (row.blockHeight !== null && row.blockHeight < firstHeight) {
      throw new RelayError('ERR_INVALID_REQUEST', `Transaction ${txid} is below the blocks that are removed.`)
    }
  }
  await storage.knex.transaction(async (trx) => {
    const within = new MockChainStorage(trx)
    for (const txid of doomed) {
      await trx('mockchain_utxos').where({ spentByTxid: txid }).update({ spentByTxid: null })
      await within.deleteUtxosByTxid(txid)
      await within.deleteTransaction(txid)
    }
  })
  return [...doomed].reverse()
}

/** The transaction itself first, then all that spend its outputs, directly or not. */
async function withDescendants(storage: MockChainStorage, txid: string): Promise<string[]> {
  const found = new Set([txid])
  for (const one of found) {
    const spent = await storage.knex<UtxoRow>('mockchain_utxos').where('txid', one).whereNotNull('spentByTxid')
    for (const { spentByTxid } of spent) found.add(spentByTxid)
  }
  return [...found]
}

interface UtxoRow {
  readonly txid: string
  readonly spentByTxid: string
}
