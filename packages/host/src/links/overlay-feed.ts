import type { EventFeed, FeedCursor, FeedNews, FeedPage } from '@overpost/core'
import type { Outpoint } from '@overpost/protocol'
import * as z from 'zod'
import { readBeef } from './beef-proofs.ts'
import { cappedFetch } from './capped-fetch.ts'
import type { LookupNode } from './lookup-nodes.ts'

const waitSeconds = 20
const patienceMs = 10_000
const mostEvents = 100
/** A node puts at most 8 MiB of BEEF into a page, in base64. */
const maxAnswerBytes = 12 * 1024 * 1024

const whole = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const pageSchema = z.object({
  events: z
    .array(
      z.object({
        n: whole,
        kind: z.string().max(50),
        txid: z.string().regex(/^[0-9a-f]{64}$/),
        outputIndex: z.number().int().min(0).max(0xffffffff),
        beef: z.string(),
      }),
    )
    .max(mostEvents),
  next: whole,
  log: z.string().max(64),
})
const problemSchema = z.object({ code: z.string() }).catch({ code: '' })

/** The feed of a topic at an overlay node, by long polls (docs/specs/event-feed.md). */
export function overlayFeed({ url, fetch }: Pick<LookupNode, 'url' | 'fetch'>, topic: string): EventFeed {
  return {
    node: url,
    topic,
    async read(cursor, signal) {
      const until = AbortSignal.any([signal, AbortSignal.timeout(waitSeconds * 1000 + patienceMs)])
      const headers = { accept: 'application/json' }
      const address = `${url}/events?${parametersOf(topic, cursor)}`
      const answer = await cappedFetch(address, { method: 'GET', headers, signal: until, maxAnswerBytes, fetch })
      if (answer.status === 404) return { kind: 'not offered' }
      const json: unknown = JSON.parse(new TextDecoder().decode(answer.body))
      if (answer.status === 400 && problemSchema.parse(json).code === 'ERR_INVALID_CURSOR')
        return { kind: 'start again' }
      if (answer.status !== 200) throw new Error(`status ${answer.status}`)
      return readPage(pageSchema.parse(json), cursor, answer.body.length)
    },
  }
}

function parametersOf(topic: string, cursor: FeedCursor | null): string {
  const place =
    cursor === null ? { since: 'last' } : { since: String(cursor.since), log: cursor.log, wait: String(waitSeconds) }
  return new URLSearchParams({ topic, limit: String(mostEvents), ...place }).toString()
}

function readPage(
  { events, next, log }: z.output<typeof pageSchema>,
  cursor: FeedCursor | null,
  bytes: number,
): FeedPage {
  if (cursor !== null && log !== cursor.log) return { kind: 'start again' }
  if (cursor !== null && next < cursor.since) throw new Error('the numbers of the feed do not grow')
  const news = events.map(({ kind, txid, outputIndex, beef }): FeedNews => {
    const script = kind === 'spend' ? null : scriptIn(beef, txid, outputIndex)
    return { kind, outpoint: `${txid}.${outputIndex}` as Outpoint, script }
  })
  return { kind: 'news', news, cursor: { since: next, log }, more: events.length >= mostEvents, bytes }
}

function scriptIn(beef: string, txid: string, outputIndex: number): Uint8Array | null {
  const parsed = readBeef(Buffer.from(beef, 'base64'))
  return parsed?.transactions.get(txid)?.lockingScripts[outputIndex] ?? null
}
