import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LockingScript, MerklePath, Script, Transaction, UnlockingScript, type ChainTracker } from '@bsv/sdk'

/** Blocks with one transaction each, whose Merkle root is then its id. */
export class TestChain implements ChainTracker {
  readonly #roots = new Map<number, string>()

  /** A mined transaction with one output; it spends `spent`, or an output that nobody asks for. */
  mine(script: Uint8Array, spent?: Transaction): Transaction {
    const transaction = new Transaction()
    transaction.addInput({
      sourceTXID: spent?.id('hex') ?? 'ab'.repeat(32),
      sourceOutputIndex: 0,
      unlockingScript: new UnlockingScript(),
      sequence: 0xffffffff,
    })
    transaction.addOutput({
      satoshis: 1,
      lockingScript: new LockingScript(Script.fromBinary(Array.from(script)).chunks),
    })
    const height = this.#roots.size + 1
    const hash = transaction.id('hex')
    transaction.merklePath = new MerklePath(height, [[{ offset: 0, hash, txid: true }]])
    this.#roots.set(height, hash)
    return transaction
  }

  isValidRootForHeight(root: string, height: number): Promise<boolean> {
    return Promise.resolve(this.#roots.get(height) === root)
  }

  currentHeight(): Promise<number> {
    return Promise.resolve(this.#roots.size)
  }
}

export interface ShownOutput {
  readonly transaction: Transaction
  readonly spentBy?: Transaction
}

/** An overlay node that shows what it is told to, over a real socket. */
export class TestOverlay implements AsyncDisposable {
  readonly url: string
  /** What it shows, or the status that it answers. */
  shows: readonly ShownOutput[] | number = []
  readonly asked: unknown[] = []
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  static async start(): Promise<TestOverlay> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const overlay = new TestOverlay(server)
    server.on('request', (request, response) => {
      let text = ''
      request.setEncoding('utf8')
      request.on('data', (chunk: string) => (text += chunk))
      request.on('end', () => {
        overlay.asked.push(JSON.parse(text))
        const { shows } = overlay
        if (typeof shows === 'number') response.writeHead(shows).end('{}')
        else response.end(JSON.stringify({ type: 'output-list', outputs: shows.map(toJson) }))
      })
    })
    return overlay
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await once(this.#server.close(), 'close')
  }
}

function toJson({ transaction, spentBy }: ShownOutput): object {
  const context = spentBy === undefined ? {} : { context: spentBy.toBEEF() }
  return { beef: transaction.toBEEF(), outputIndex: 0, ...context }
}
