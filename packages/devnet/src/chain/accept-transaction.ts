import { createHash } from 'node:crypto'

import { Spend, type Transaction } from '@bsv/sdk'

import { toLockingScript } from './locking-script.ts'
import { MockChainStorage } from './toolbox.ts'

/** How the chain took a transaction. The statuses and codes are ARC's. */
export type Verdict =
  | { readonly kind: 'seen'; readonly txid: string; readonly isNew: boolean }
  /** Not valid, whatever else happens: answered with ARC's own HTTP status. */
  | { readonly kind: 'refused'; readonly txid: string; readonly status: RefusalStatus; readonly reason: string }
  /** Well formed, but what it spends is gone or not there: answered with HTTP 200 and a status that is no success. */
  | {
      readonly kind: 'unspendable'
      readonly txid: string
      readonly txStatus: 'DOUBLE_SPEND_ATTEMPTED' | 'SEEN_IN_ORPHAN_MEMPOOL' | 'REJECTED'
      readonly reason: string
      readonly competingTxs: readonly string[]
    }

/** ARC, pkg/api/status.go: 460 inputs not found, 461 scripts, 462 inputs, 463 malformed, 464 outputs, 465 fee, 467 to 469 BEEF. */
export type RefusalStatus = 460 | 461 | 462 | 463 | 464 | 465 | 467 | 468 | 469

/** What a transaction must pay and how many blocks must be above a coinbase before it can be spent. */
export interface AcceptanceRules {
  readonly feeSatoshisPerKb: number
  readonly coinbaseMaturityBlocks: number
  /** Whether an input that is nowhere to be found makes an orphan (the sender gave its parents), or is refused with 460. */
  readonly orphans: boolean
}

const maxSatoshis = 21e14

/**
 * Takes a transaction into the mempool of the mock chain, in one database transaction, or says why not. A known one is
 * `seen` again. Every unlocking script is run.
 *
 * The mock chain's own `postBeef` is not used: it refuses a transaction whose grandparents are unmined.
 */
export async function acceptTransaction(
  storage: MockChainStorage,
  transaction: Transaction,
  rules: AcceptanceRules,
): Promise<Verdict> {
  const txid = transaction.id('hex')
  const refused = (status: RefusalStatus, reason: string): Verdict => ({ kind: 'refused', txid, status, reason })
  if ((await storage.getTransaction(txid)) !== undefined) return { kind: 'seen', txid, isNew: false }

  const fault = formFault(transaction)
  if (fault !== null) return refused(...fault)

  const coins: Coin[] = []
  const tip = await storage.getChainTip()
  for (const input of transaction.inputs) {
    const coin = await findCoin(storage, input.sourceTXID ?? '', input.sourceOutputIndex)
    const outpoint = `${input.sourceTXID ?? ''}.${input.sourceOutputIndex}`
    if (coin === null) {
      return rules.orphans
        ? unspendable(txid, 'SEEN_IN_ORPHAN_MEMPOOL', `missing input ${outpoint}`)
        : refused(460, `input ${outpoint} was not found`)
    }
    if (coin.spentByTxid !== null) {
      const isMined = (await storage.getTransaction(coin.spentByTxid))?.blockHeight != null
      // What ARC shows of a node that has forgotten the spent output.
      const txStatus = isMined ? 'SEEN_IN_ORPHAN_MEMPOOL' : 'DOUBLE_SPEND_ATTEMPTED'
      return unspendable(txid, txStatus, `${outpoint} is spent`, [coin.spentByTxid])
    }
    if (coin.isCoinbase && (tip?.height ?? 0) - (coin.blockHeight ?? 0) < rules.coinbaseMaturityBlocks) {
      return unspendable(txid, 'REJECTED', 'bad-txns-premature-spend-of-coinbase')
    }
    coins.push(coin)
  }

  const paid = sum(coins.map((coin) => coin.satoshis)) - sum(transaction.outputs.map((output) => output.satoshis ?? 0))
  const due = Math.floor((transaction.toBinary().length * rules.feeSatoshisPerKb) / 1000)
  if (paid < 0) return refused(465, `the outputs are worth ${-paid} satoshis more than the inputs`)
  if (paid < due) return refused(465, `the fee is ${paid} satoshis and must be ${due}`)

  for (const index of coins.keys()) {
    const scriptFault = runScripts(transaction, index, coins)
    if (scriptFault !== null) return refused(461, `input ${index}: ${scriptFault}`)
  }
  await keep(storage, transaction, txid)
  return { kind: 'seen', txid, isNew: true }
}

interface Coin {
  readonly lockingScript: Uint8Array
  readonly satoshis: number
  readonly spentByTxid: string | null
  readonly isCoinbase: boolean
  readonly blockHeight: number | null
}

function unspendable(
  txid: string,
  txStatus: 'DOUBLE_SPEND_ATTEMPTED' | 'SEEN_IN_ORPHAN_MEMPOOL' | 'REJECTED',
  reason: string,
  competingTxs: readonly string[] = [],
): Verdict {
  return { kind: 'unspendable', txid, txStatus, reason, competingTxs }
}

function formFault(transaction: Transaction): [RefusalStatus, string] | null {
  if (transaction.inputs.length === 0) return [462, 'there are no inputs']
  if (transaction.outputs.length === 0) return [464, 'there are no outputs']
  const outpoints = transaction.inputs.map((input) => `${input.sourceTXID ?? ''}.${input.sourceOutputIndex}`)
  if (new Set(outpoints).size !== outpoints.length) return [462, 'an output is spent twice']
  if (outpoints.some((outpoint) => outpoint.startsWith('00'.repeat(32)))) return [462, 'an input is a coinbase']
  const satoshis = transaction.outputs.map((output) => output.satoshis ?? -1)
  if (satoshis.some((value) => value < 0 || value > maxSatoshis) || sum(satoshis) > maxSatoshis) {
    return [464, 'the value of an output is out of range']
  }
  return null
}

async function findCoin(storage: MockChainStorage, txid: string, outputIndex: number): Promise<Coin | null> {
  const row = await storage.getUtxo(txid, outputIndex)
  if (row === undefined) return null
  return {
    lockingScript: Uint8Array.from(row.lockingScript),
    satoshis: row.satoshis,
    spentByTxid: row.spentByTxid === '' ? null : row.spentByTxid,
    isCoinbase: row.isCoinbase,
    blockHeight: row.blockHeight,
  }
}

/** Null when input `index` may spend its coin, else why not. */
function runScripts(transaction: Transaction, index: number, coins: readonly Coin[]): string | null {
  const input = transaction.inputs[index]
  const coin = coins[index]
  if (input?.sourceTXID === undefined || input.unlockingScript === undefined || coin === undefined) return 'no script'
  try {
    const spend = new Spend({
      sourceTXID: input.sourceTXID,
      sourceOutputIndex: input.sourceOutputIndex,
      sourceSatoshis: coin.satoshis,
      lockingScript: toLockingScript(coin.lockingScript),
      transactionVersion: transaction.version,
      otherInputs: transaction.inputs.filter((_, other) => other !== index),
      outputs: transaction.outputs,
      unlockingScript: input.unlockingScript,
      inputSequence: input.sequence ?? 0xffffffff,
      inputIndex: index,
      lockTime: transaction.lockTime,
    })
    return spend.validate() ? null : 'the scripts end in false'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function keep(storage: MockChainStorage, transaction: Transaction, txid: string): Promise<void> {
  await storage.knex.transaction(async (trx) => {
    const within = new MockChainStorage(trx)
    await within.insertTransaction(txid, transaction.toBinary())
    for (const [index, output] of transaction.outputs.entries()) {
      const script = output.lockingScript.toBinary()
      await within.insertUtxo(txid, index, script, output.satoshis ?? 0, scriptHash(script))
    }
    for (const input of transaction.inputs) {
      await within.markUtxoSpent(input.sourceTXID ?? '', input.sourceOutputIndex, txid)
    }
  })
}

function scriptHash(script: readonly number[]): string {
  return createHash('sha256').update(Uint8Array.from(script)).digest('hex')
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
