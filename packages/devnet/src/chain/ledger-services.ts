import type { Beef } from '@bsv/sdk'

import type { Verdict } from './accept-transaction.ts'
import { MockServices, toolboxSdk, type Knex, type PostBeefResult } from './toolbox.ts'

/** The mock chain as the wallets see it: what they broadcast goes into the same mempool as everything else. */
export class LedgerServices extends MockServices {
  readonly #submit: (beef: Uint8Array) => Promise<Verdict>

  constructor(knex: Knex, submit: (beef: Uint8Array) => Promise<Verdict>) {
    super(knex)
    this.#submit = submit
  }

  override async postBeef(beef: Beef, txids: string[]): Promise<PostBeefResult[]> {
    const txidResults: PostBeefResult['txidResults'] = []
    for (const txid of txids) {
      txidResults.push(toResult(await this.#submit(Uint8Array.from(beef.toBinaryAtomic(txid)))))
    }
    const status = txidResults.every((result) => result.status === 'success') ? 'success' : 'error'
    return [{ name: 'local chain', status, txidResults }]
  }

  /**
   * The transaction, its unmined ancestors, and the proven ones that those hang on. The mock chain's own goes through
   * `Beef.mergeRawTx(rawTx, bumpIndex)`, for which @bsv/sdk 2.1.0 makes a transaction id with its bytes turned around.
   */
  override async getBeefForTxid(txid: string): Promise<Beef> {
    const { Beef: ToolboxBeef } = toolboxSdk()
    const beef = new ToolboxBeef()
    const wanted = new Set([txid])
    for (const one of wanted) {
      const row = await this.storage.getTransaction(one)
      if (row === undefined) continue
      const { merklePath } = await this.getMerklePath(one)
      if (merklePath !== undefined) beef.mergeBump(merklePath)
      const { tx } = beef.mergeRawTx(Array.from(row.rawTx))
      if (merklePath !== undefined) continue
      for (const input of tx?.inputs ?? []) wanted.add(input.sourceTXID ?? '')
    }
    return beef
  }
}

function toResult(verdict: Verdict): PostBeefResult['txidResults'][number] {
  const { txid } = verdict
  if (verdict.kind === 'seen') return { txid, status: 'success', alreadyKnown: !verdict.isNew }
  if (verdict.kind === 'refused') return { txid, status: 'error', data: `${verdict.status} ${verdict.reason}` }
  const doubleSpend = verdict.txStatus !== 'REJECTED'
  return { txid, status: 'error', doubleSpend, competingTxs: [...verdict.competingTxs], data: verdict.reason }
}
