import { Engine, type AppliedTransaction, type Output, type Storage, type TopicManager } from '@bsv/overlay'
import { HTTPSOverlayBroadcastFacilitator, type Transaction } from '@bsv/sdk'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * An overlay node made of the Engine of `@bsv/overlay` as it comes, with a storage in memory and the two routes of GASP: it has no
 * feed. It admits what `manager` admits, and verifies no roots.
 */
export interface StockNode extends AsyncDisposable {
  readonly url: string
  submit(transaction: Transaction): Promise<void>
  /** Takes what it lacks from another node, by the Engine's own synchronisation. */
  syncFrom(url: string): Promise<void>
  /** `<txid>.<vout>` of what is unspent. */
  live(): string[]
}

export async function startStockNode(topic: string, manager: TopicManager): Promise<StockNode> {
  const storage = new MemoryStorage()
  const engineWith = (sync: string[] | false) =>
    new Engine(
      { [topic]: manager },
      {},
      storage,
      'scripts only',
      undefined,
      [],
      [],
      undefined,
      undefined,
      { [topic]: sync },
      false,
      '',
      false,
      new HTTPSOverlayBroadcastFacilitator(),
      { ...console, log: ignore, info: ignore, warn: ignore, error: ignore, debug: ignore },
      true,
    )
  const engine = engineWith(false)
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = []
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
      const answer = async () => {
        const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as never
        if (request.url === '/requestSyncResponse') return engine.provideForeignSyncResponse(body, topic)
        const { graphID, txid, outputIndex } = body as { graphID: string; txid: string; outputIndex: number }
        return engine.provideForeignGASPNode(graphID, txid, outputIndex)
      }
      const isKnown = request.url === '/requestSyncResponse' || request.url === '/requestForeignGASPNode'
      const result = isKnown ? await answer().catch(() => null) : null
      response.writeHead(isKnown ? (result === null ? 400 : 200) : 404, { 'Content-Type': 'application/json' })
      response.end(JSON.stringify(result))
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async submit(transaction) {
      await engine.submit({ beef: transaction.toBEEF(), topics: [topic] })
    },
    async syncFrom(url) {
      const spoken = globalThis.console
      const info = spoken.info.bind(spoken)
      spoken.info = ignore // GASP has no logger of its own
      await engineWith([url])
        .startGASPSync()
        .finally(() => (spoken.info = info))
    },
    live: () => [...storage.outputs.values()].filter((output) => !output.spent).map(outpointOf),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

class MemoryStorage implements Storage {
  readonly outputs = new Map<string, Output>()
  readonly #applied = new Set<string>()
  readonly #interactions = new Map<string, number>()

  insertOutput(output: Output): Promise<void> {
    this.outputs.set(outpointOf(output), { ...output, score: this.outputs.size + 1 })
    return Promise.resolve()
  }

  findOutput(txid: string, outputIndex: number, _topic?: string, spent?: boolean): Promise<Output | null> {
    const output = this.outputs.get(outpointOf({ txid, outputIndex }))
    return Promise.resolve(output === undefined || (spent !== undefined && output.spent !== spent) ? null : output)
  }

  findOutputsForTransaction(txid: string): Promise<Output[]> {
    return Promise.resolve([...this.outputs.values()].filter((output) => output.txid === txid))
  }

  findUTXOsForTopic(_topic: string, since = 0, limit = 1000): Promise<Output[]> {
    const live = [...this.outputs.values()].filter(({ spent, score = 0 }) => !spent && score >= since)
    return Promise.resolve(live.slice(0, limit))
  }

  deleteOutput(txid: string, outputIndex: number): Promise<void> {
    this.outputs.delete(outpointOf({ txid, outputIndex }))
    return Promise.resolve()
  }

  markUTXOAsSpent(txid: string, outputIndex: number): Promise<void> {
    const key = outpointOf({ txid, outputIndex })
    const output = this.outputs.get(key)
    if (output !== undefined) this.outputs.set(key, { ...output, spent: true })
    return Promise.resolve()
  }

  updateConsumedBy = ignoreAsync
  updateTransactionBEEF = ignoreAsync

  insertAppliedTransaction({ txid, topic }: AppliedTransaction): Promise<void> {
    this.#applied.add(`${txid} ${topic}`)
    return Promise.resolve()
  }

  doesAppliedTransactionExist({ txid, topic }: AppliedTransaction): Promise<boolean> {
    return Promise.resolve(this.#applied.has(`${txid} ${topic}`))
  }

  updateLastInteraction(host: string, topic: string, since: number): Promise<void> {
    this.#interactions.set(`${host} ${topic}`, since)
    return Promise.resolve()
  }

  getLastInteraction(host: string, topic: string): Promise<number> {
    return Promise.resolve(this.#interactions.get(`${host} ${topic}`) ?? 0)
  }
}

function outpointOf({ txid, outputIndex }: { txid: string; outputIndex: number }): string {
  return `${txid}.${outputIndex}`
}

function ignore(): void {
  // The Engine writes at length.
}

function ignoreAsync(): Promise<void> {
  return Promise.resolve()
}
