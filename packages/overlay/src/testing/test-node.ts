import { HTTPSOverlayBroadcastFacilitator, HTTPSOverlayLookupFacilitator, Transaction, type STEAK } from '@bsv/sdk'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { overlayConfigSchema, type OverlayConfigInput } from '../config.ts'
import { startOverlayNode, type OverlayNode } from '../overlay-node.ts'
import type { TestChain } from './test-chain.ts'

/** A node on a folder of its own, and the SDK's clients for it. */
export interface TestNode extends AsyncDisposable {
  readonly url: string
  readonly node: OverlayNode
  readonly dataDir: string
  submit(transaction: Transaction, topics?: readonly string[]): Promise<STEAK>
  /** `<txid>.<vout>` of each output, and the txid of the BEEF in its context. */
  lookup(service: string, query: unknown): Promise<{ outpoint: string; spentBy: string | null }[]>
  events(query: string): Promise<{ events: Record<string, unknown>[]; next: number; log: string }>
  /** Stops the node and starts another one on the same folder. */
  restart(): Promise<TestNode>
}

export async function startTestNode(
  chain: TestChain,
  overrides: Partial<OverlayConfigInput> = {},
  dataDir = mkdtempSync(join(tmpdir(), 'overpost-overlay-')),
): Promise<TestNode> {
  const config = overlayConfigSchema.parse({
    listen: { port: 0 },
    dataDir,
    headers: { url: chain.url },
    logLevel: 'silent',
    peers: { discover: false },
    ...overrides,
  })
  const node = await startOverlayNode(config, { log: pino({ level: config.logLevel }, pino.destination(2)) })
  const { url } = node
  return {
    url,
    node,
    dataDir,
    submit(transaction, topics = ['tm_phip']) {
      const facilitator = new HTTPSOverlayBroadcastFacilitator(fetch, true)
      return facilitator.send(url, { beef: transaction.toBEEF(), topics: [...topics] })
    },
    async lookup(service, query) {
      const { outputs } = await new HTTPSOverlayLookupFacilitator(fetch, true).lookup(url, { service, query })
      return outputs.map(({ beef, outputIndex, context }) => ({
        outpoint: `${Transaction.fromBEEF(beef).id('hex')}.${outputIndex}`,
        spentBy: context === undefined ? null : Transaction.fromBEEF(context).id('hex'),
      }))
    },
    async events(query) {
      return (await (await fetch(`${url}/events?${query}`)).json()) as Awaited<ReturnType<TestNode['events']>>
    },
    async restart() {
      await node[Symbol.asyncDispose]()
      return startTestNode(chain, overrides, dataDir)
    },
    async [Symbol.asyncDispose]() {
      await node[Symbol.asyncDispose]()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** Sends bytes to `/submit` as they are. */
export async function postSubmit(
  url: string,
  body: Uint8Array,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${url}/submit`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/octet-stream', 'X-Topics': '["tm_phip"]', ...headers },
    body,
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}
