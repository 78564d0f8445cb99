import {
  Hash,
  LockingScript,
  MerklePath,
  P2PKH,
  PrivateKey,
  Script,
  Transaction,
  UnlockingScript,
  Utils,
  type TransactionOutput,
} from '@bsv/sdk'
import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

const fundingKey = PrivateKey.fromHex('17'.repeat(32))

/** A coin that {@link TestChain.fund} made: anybody here can spend it. */
export interface TestCoin {
  readonly transaction: Transaction
  readonly outputIndex: number
}

/**
 * A small chain with real transactions, real Merkle paths and a header service over HTTP, and an ARC beside it. Each block holds a
 * coinbase and one transaction. What a test does not mine stays unproven.
 */
export class TestChain implements AsyncDisposable {
  /** By height; a test may change it. */
  readonly roots = new Map<number, string>()
  /** The raw transactions that ARC was given. */
  readonly broadcasts: string[] = []
  /** What ARC knows of a transaction by its id: what was mined here, and what a test says. */
  readonly statuses = new Map<string, { txStatus: string; merklePath?: string; competingTxs?: string[] }>()
  /** Ids of the transactions that ARC refuses. */
  readonly refused = new Set<string>()
  /** What ARC answers next, in place of success. */
  arcAnswer: { status: number; body: unknown } | null = null
  /** Answers of the header service are 503 while it is true. */
  isHeaderServiceDown = false
  headerQuestions = 0
  tip = 1000
  readonly #server: Server
  /** Grows with each reorganisation: blocks of the same height differ. */
  #branch = 0
  readonly #branches = new Map<number, number>()
  #url = ''

  constructor() {
    this.#server = createServer((request, response) => {
      void readJson(request).then((body) => {
        const { status, answer } = this.#answer(request.url ?? '', body)
        response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer))
      })
    })
  }

  get url(): string {
    return this.#url
  }

  static async start(): Promise<TestChain> {
    const chain = new TestChain()
    await new Promise<void>((resolve) => chain.#server.listen(0, '127.0.0.1', resolve))
    chain.#url = `http://127.0.0.1:${(chain.#server.address() as AddressInfo).port}`
    return chain
  }

  /** Puts the transaction into the next block and gives it its proof. */
  mine(transaction: Transaction): MerklePath {
    const txid = transaction.id('hex')
    const coinbase = randomBytes(32).toString('hex')
    const path = new MerklePath(++this.tip, [
      [
        { offset: 0, hash: coinbase },
        { offset: 1, hash: txid, txid: true },
      ],
    ])
    this.roots.set(this.tip, path.computeRoot(txid))
    transaction.merklePath = path
    this.statuses.set(txid, { txStatus: 'MINED', merklePath: path.toHex() })
    return path
  }

  /** Takes `depth` blocks off and puts empty ones in their place, and one more: what was in them waits to be mined again. */
  reorganize(depth: number): void {
    this.#branch++
    for (let height = this.tip - depth + 1; height <= this.tip + 1; height++) {
      this.roots.delete(height)
      this.#branches.set(height, this.#branch)
    }
    for (const [txid, { merklePath }] of this.statuses) {
      if (merklePath === undefined || MerklePath.fromHex(merklePath).blockHeight <= this.tip - depth) continue
      this.statuses.set(txid, { txStatus: 'SEEN_ON_NETWORK' })
    }
    this.tip++
  }

  /** A mined coin. */
  fund(satoshis = 10_000): TestCoin {
    const transaction = new Transaction(1, [], [{ satoshis, lockingScript: fundingLock() }], 0)
    transaction.addInput({
      sourceTXID: randomBytes(32).toString('hex'),
      sourceOutputIndex: 0,
      unlockingScript: new UnlockingScript([]),
      sequence: 0xffffffff,
    })
    this.mine(transaction)
    return { transaction, outputIndex: 0 }
  }

  /** A mined coinbase, alone in its block: its txid is the Merkle root. */
  coinbase(height: number): TestCoin {
    const transaction = new Transaction(1, [], [{ satoshis: 5000, lockingScript: fundingLock() }], 0)
    transaction.addInput({
      sourceTXID: '00'.repeat(32),
      sourceOutputIndex: 0xffffffff,
      unlockingScript: new UnlockingScript([
        { op: 4, data: [...Buffer.from(height.toString(16).padStart(8, '0'), 'hex')] },
      ]),
      sequence: 0xffffffff,
    })
    const txid = transaction.id('hex')
    this.roots.set(height, txid)
    transaction.merklePath = new MerklePath(height, [[{ offset: 0, hash: txid, txid: true }]])
    return { transaction, outputIndex: 0 }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #header(height: number): { hash: string; merkleRoot: string } {
    const branch = this.#branches.get(height) ?? 0
    const merkleRoot = this.roots.get(height) ?? sha256(`empty block ${height} of branch ${branch}`)
    return { hash: sha256(`${height} ${merkleRoot}`), merkleRoot }
  }

  #answer(url: string, body: unknown): { status: number; answer: unknown } {
    if (url.startsWith('/v1/tx/')) {
      const status = this.statuses.get(url.slice('/v1/tx/'.length))
      return status === undefined ? { status: 404, answer: {} } : { status: 200, answer: status }
    }
    if (url === '/v1/tx') {
      const { rawTx } = body as { rawTx: string }
      this.broadcasts.push(rawTx)
      if (this.arcAnswer !== null) return { status: this.arcAnswer.status, answer: this.arcAnswer.body }
      const isExtended = rawTx.slice(8, 20) === '0000000000ef'
      const txid = (isExtended ? Transaction.fromHexEF(rawTx) : Transaction.fromHex(rawTx)).id('hex')
      if (this.refused.has(txid)) return { status: 200, answer: { txid, txStatus: 'REJECTED', extraInfo: '' } }
      this.statuses.set(txid, this.statuses.get(txid) ?? { txStatus: 'SEEN_ON_NETWORK' })
      return { status: 200, answer: { txid, txStatus: 'SEEN_ON_NETWORK', extraInfo: '' } }
    }
    if (this.isHeaderServiceDown) return { status: 503, answer: {} }
    if (url === '/api/v1/chain/tip/longest') {
      return { status: 200, answer: { height: this.tip, header: this.#header(this.tip) } }
    }
    const range = /^\/api\/v1\/chain\/header\/byHeight\?height=(\d+)&count=(\d+)$/.exec(url)
    if (range !== null) {
      const from = Number(range[1])
      const count = Math.min(Number(range[2]), this.tip - from + 1)
      if (count <= 0) return { status: 400, answer: 'could not find headers in given range' }
      return { status: 200, answer: Array.from({ length: count }, (_, index) => this.#header(from + index)) }
    }
    this.headerQuestions++
    const [asked] = body as { blockHeight: number; merkleRoot: string }[]
    const isRight = asked !== undefined && this.roots.get(asked.blockHeight) === asked.merkleRoot
    return { status: 200, answer: { confirmationState: isRight ? 'CONFIRMED' : 'INVALID' } }
  }
}

/** A signed transaction that spends `coins`; its outputs are the scripts, with 1 satoshi each, and then the change. */
export async function spend(
  coins: readonly TestCoin[],
  scripts: readonly Uint8Array[],
  change: readonly number[] = [1000],
): Promise<Transaction> {
  const outputs: TransactionOutput[] = [
    ...scripts.map((script) => ({ satoshis: 1, lockingScript: toScript(script) })),
    ...change.map((satoshis) => ({ satoshis, lockingScript: fundingLock() })),
  ]
  const transaction = new Transaction(1, [], outputs, 0)
  for (const { transaction: sourceTransaction, outputIndex: sourceOutputIndex } of coins) {
    const unlockingScriptTemplate = new P2PKH().unlock(fundingKey)
    transaction.addInput({ sourceTransaction, sourceOutputIndex, unlockingScriptTemplate, sequence: 0xffffffff })
  }
  await transaction.sign()
  return transaction
}

export function toScript(script: Uint8Array): LockingScript {
  return new LockingScript(Script.fromBinary(Array.from(script)).chunks)
}

export function fundingLock(): LockingScript {
  return new P2PKH().lock(Hash.hash160(Utils.toArray(fundingKey.toPublicKey().toString(), 'hex')))
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString('utf8')
  return text === '' ? null : (JSON.parse(text) as unknown)
}
