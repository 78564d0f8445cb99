import type { StorageKnex } from './toolbox.ts'

/**
 * Marks transactions that no longer exist as failed in the wallets that made them: their outputs are gone, what they spent
 * can be spent again. The toolbox has no way to do so once a transaction was proven, hence the plain updates.
 */
export async function forgetTransactions(storage: StorageKnex, txids: readonly string[]): Promise<void> {
  for (const txid of txids) {
    const records = await storage.findTransactions({ partial: { txid }, noRawTx: true })
    await storage.knex('transactions').where({ txid }).update({ provenTxId: null, status: 'unproven' })
    await storage.knex('proven_tx_reqs').where({ txid }).update({ provenTxId: null, status: 'doubleSpend' })
    await storage.knex('proven_txs').where({ txid }).delete()
    for (const { transactionId } of records) {
      await storage.knex('outputs').where({ transactionId }).update({ spendable: false })
      await storage.updateTransactionsStatus([transactionId], 'failed')
    }
  }
}
