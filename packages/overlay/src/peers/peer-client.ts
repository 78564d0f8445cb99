import type { Transport } from '@overpost/auth'
import * as z from 'zod'

/** An event of a peer's feed (docs/specs/event-feed.md). */
export interface PeerEvent {
  readonly n: number
  readonly kind: string
  readonly txid: string
  readonly beef: Uint8Array
}

export interface PeerFeedPage {
  readonly events: readonly PeerEvent[]
  readonly next: number
  readonly log: string
}

/** What another overlay node can be asked. Every method throws when it does not answer, or not in the form that it should. */
export interface PeerClient {
  /** `refused`: the peer will not take it, however often it is sent. */
  submit(beef: Uint8Array, topic: string): Promise<'taken' | 'refused'>
  /** `not offered`: a node without a feed. `start again`: the cursor counts in another log. */
  events(topic: string, cursor: { since: number; log: string }): Promise<PeerFeedPage | 'not offered' | 'start again'>
  /** GASP: the unspent outputs with a score of at least `since`. */
  liveOutputs(topic: string, page: { since: number; limit: number }): Promise<readonly GaspOutput[]>
  /** GASP: one transaction of the ancestry of an output. */
  graphNode(graphID: string, coin: { txid: string; outputIndex: number }): Promise<GaspNode>
}

export type GaspOutput = z.output<typeof gaspOutput>
export type GaspNode = z.output<typeof gaspNode>

const feedPageSize = 100
const maxAnswerBytes = 16 * 1024 * 1024
const txid = z.string().regex(/^[0-9a-f]{64}$/)
const whole = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const hexText = z.string().regex(/^(?:[0-9a-fA-F]{2})+$/)

const feedPage = z.object({
  events: z
    .array(
      z.object({
        n: whole,
        kind: z.string().max(50),
        txid,
        beef: z.base64().transform((text) => Uint8Array.from(Buffer.from(text, 'base64'))),
      }),
    )
    .max(feedPageSize),
  next: whole,
  log: z.string().max(64),
})
const gaspOutput = z.object({ txid, outputIndex: z.number().int().min(0).max(0xffffffff), score: whole.default(0) })
const syncAnswer = z.object({ UTXOList: z.array(gaspOutput).max(10_000) })
const gaspNode = z.object({ rawTx: hexText, proof: hexText.optional() })
const problem = z.object({ code: z.string().catch('') }).catch({ code: '' })

/** Statuses that say: not this transaction. All other failures may pass. */
const finalStatuses = new Set([400, 413, 422])

/** A peer at `url`, called over `transport`. A call, its answer included, ends after `timeoutMs` or when `signal` aborts. */
export function peerClient(
  url: string,
  { transport, timeoutMs, signal }: { transport: Transport; timeoutMs: number; signal: AbortSignal },
): PeerClient {
  const call = async (method: string, path: string, headers: Record<string, string>, body: Uint8Array | null) => {
    const ends = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    const answer = await transport({ method, url: `${url}${path}`, headers, body, signal: ends, maxAnswerBytes })
    return { status: answer.status, json: () => JSON.parse(Buffer.from(answer.body).toString('utf8')) as unknown }
  }
  const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const bytes = Buffer.from(JSON.stringify(body))
    const answer = await call('POST', path, { 'content-type': 'application/json', ...headers }, bytes)
    if (answer.status !== 200) throw new Error(`${url}${path} answers ${answer.status}`)
    return answer.json()
  }
  return {
    async submit(beef, topic) {
      const headers = { 'content-type': 'application/octet-stream', 'x-topics': JSON.stringify([topic]) }
      const { status } = await call('POST', '/submit', headers, beef)
      if (status === 200) return 'taken'
      if (finalStatuses.has(status)) return 'refused'
      throw new Error(`${url}/submit answers ${status}`)
    },
    async events(topic, { since, log }) {
      const query = new URLSearchParams({ topic, since: String(since), limit: String(feedPageSize), wait: '0' })
      if (log !== '') query.set('log', log)
      const answer = await call('GET', `/events?${query.toString()}`, {}, null)
      if (answer.status === 404 || answer.status === 405 || answer.status === 501) return 'not offered'
      if (answer.status === 400) {
        const { code } = problem.parse(answer.json())
        return code === 'ERR_INVALID_CURSOR' ? 'start again' : 'not offered'
      }
      if (answer.status !== 200) throw new Error(`${url}/events answers ${answer.status}`)
      return feedPage.parse(answer.json())
    },
    async liveOutputs(topic, { since, limit }) {
      const answer = await post('/requestSyncResponse', { version: 1, since, limit }, { 'x-bsv-topic': topic })
      return syncAnswer.parse(answer).UTXOList
    },
    async graphNode(graphID, coin) {
      return gaspNode.parse(await post('/requestForeignGASPNode', { graphID, ...coin, metadata: false }))
    },
  }
}
