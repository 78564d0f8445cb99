import { nativeHasher } from '@overpost/auth'
import { type BeefTransaction, type Bump, parseTransaction, traceAncestry } from '@overpost/protocol'
import { MerklePath } from '@bsv/sdk'
import { submitVerified, type CatchUpParts } from './follow-feed.ts'
import type { GaspNode, PeerClient } from './peer-client.ts'

const pageOutputs = 1_000
const maxPages = 20
const maxGraphNodes = 200
const maxGraphBytes = 4 * 1024 * 1024
const maxProofCharacters = 20_000

/**
 * Takes by GASP (BRC-40) the unspent outputs of a topic that this node does not know, from any node of `@bsv/overlay`. One way only, and spends do
 * not show. Each transaction is verified as if anybody had submitted it; what does not verify or is not complete is left out.
 * @throws {Error} when the peer, or the headers, cannot be asked; what was taken is not asked for again
 */
export async function pullGraphs(peer: string, topic: string, parts: CatchUpParts): Promise<void> {
  const { client, store, signal, log } = parts
  let since = store.cursors.get(peer, topic, 'gasp')?.n ?? 0
  for (let pages = 0; pages < maxPages && !signal.aborted; pages++) {
    const outputs = await client.liveOutputs(topic, { since, limit: pageOutputs })
    const before = since
    for (const { txid, outputIndex, score } of outputs) {
      signal.throwIfAborted()
      if (store.findOutput({ txid, outputIndex }, { topic }) === null) {
        const beef = await fetchGraph(client, { txid, outputIndex }).catch((error: unknown) => {
          if (!(error instanceof BadGraph)) throw error
          log.info({ peer, txid, reason: error.message }, 'a graph of a peer is left out')
          return null
        })
        if (beef !== null) await submitVerified(beef, topic, parts)
      }
      since = Math.max(since, score)
    }
    store.cursors.set(peer, topic, 'gasp', { n: since, log: '' })
    if (outputs.length < pageOutputs || since === before) return
  }
}

/** It will be no better the next time. */
class BadGraph extends Error {}

/** The BEEF of an output's transaction, put together from the peer's answers: down to transactions that have a proof. */
async function fetchGraph(client: PeerClient, root: { txid: string; outputIndex: number }): Promise<Uint8Array> {
  const graphID = `${root.txid}.${root.outputIndex}`
  const transactions = new Map<string, BeefTransaction>()
  const bumps = new Map<string, Bump>()
  const wanted = [root]
  let bytes = 0
  for (let coin = wanted.pop(); coin !== undefined; coin = wanted.pop()) {
    if (transactions.has(coin.txid)) continue
    if (transactions.size >= maxGraphNodes) throw new BadGraph(`more than ${maxGraphNodes} transactions`)
    const node = await client.graphNode(graphID, coin)
    bytes += node.rawTx.length / 2
    if (bytes > maxGraphBytes) throw new BadGraph(`more than ${maxGraphBytes} bytes`)
    const { transaction, bump } = read(node, coin.txid)
    transactions.set(coin.txid, transaction)
    if (bump !== null) bumps.set(coin.txid, bump)
    else wanted.push(...transaction.inputs.map(({ txid, outputIndex }) => ({ txid, outputIndex })))
  }
  const subject = transactions.get(root.txid)
  if (subject === undefined) throw new BadGraph('it is empty')
  try {
    return traceAncestry({ subject, transactions, bumps }).beef
  } catch (cause) {
    throw new BadGraph('it cannot be verified', { cause })
  }
}

function read({ rawTx, proof }: GaspNode, txid: string): { transaction: BeefTransaction; bump: Bump | null } {
  let transaction: BeefTransaction
  let bump: Bump | null = null
  try {
    transaction = parseTransaction(Uint8Array.from(Buffer.from(rawTx, 'hex')), nativeHasher)
    if (proof !== undefined && proof.length <= maxProofCharacters) {
      const path = MerklePath.fromHex(proof)
      bump = { bytes: Uint8Array.from(path.toBinary()), height: path.blockHeight }
    }
  } catch (cause) {
    throw new BadGraph('it is not well formed', { cause })
  }
  if (transaction.txid !== txid) throw new BadGraph('it holds another transaction than was asked for')
  return { transaction, bump }
}
