import {
  Beef,
  type CreateActionArgs,
  type CreateActionResult,
  type ListOutputsArgs,
  type ListOutputsResult,
  type Transaction,
} from '@bsv/sdk'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { spend, type TestChain } from './test-chain.ts'

/** As much of a BRC-100 wallet as an advertiser needs, over the SDK's JSON interface: it pays with coins of the test chain. */
export class TestWallet implements AsyncDisposable {
  readonly transactions: { transaction: Transaction; baskets: (string | undefined)[] }[] = []
  /** The next answer to createAction is lost after the work is done. */
  losesNextAnswer = false
  readonly #chain: TestChain
  readonly #server: Server

  constructor(chain: TestChain) {
    this.#chain = chain
    this.#server = createServer((request, response) => {
      void (async () => {
        const chunks: Buffer[] = []
        for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
        const args = JSON.parse(Buffer.concat(chunks).toString('utf8')) as never
        const answer = request.url === '/createAction' ? await this.createAction(args) : this.listOutputs(args)
        const isLost = request.url === '/createAction' && this.losesNextAnswer
        if (isLost) this.losesNextAnswer = false
        response.writeHead(isLost ? 500 : 200, { 'Content-Type': 'application/json' })
        response.end(JSON.stringify(isLost ? { message: 'lost' } : answer))
      })()
    })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  static async start(chain: TestChain): Promise<TestWallet> {
    const wallet = new TestWallet(chain)
    await new Promise<void>((resolve) => wallet.#server.listen(0, '127.0.0.1', resolve))
    return wallet
  }

  async createAction({ outputs = [] }: CreateActionArgs): Promise<CreateActionResult> {
    const scripts = outputs.map(({ lockingScript }) => Buffer.from(lockingScript, 'hex'))
    const transaction = await spend([this.#chain.fund()], scripts)
    this.transactions.push({ transaction, baskets: outputs.map(({ basket }) => basket) })
    return { txid: transaction.id('hex'), tx: transaction.toAtomicBEEF() }
  }

  listOutputs({ basket }: ListOutputsArgs): ListOutputsResult {
    const beef = new Beef()
    const outputs = this.transactions.flatMap(({ transaction, baskets }) => {
      beef.mergeBeef(transaction.toBEEF())
      const outpoints = baskets.flatMap((name, index) => (name === basket ? [`${transaction.id('hex')}.${index}`] : []))
      return outpoints.map((outpoint) => ({ outpoint, satoshis: 1, spendable: true }))
    })
    return { totalOutputs: outputs.length, outputs, BEEF: beef.toBinary() }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
