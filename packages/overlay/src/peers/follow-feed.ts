import { numbersOf, RelayError } from '@overpost/protocol'
import type { Logger } from 'pino'
import type { OverlayEngine } from '../overlay-engine.ts'
import type { OverlayStore } from '../storage/overlay-store.ts'
import type { PeerClient, PeerEvent } from './peer-client.ts'

/** What is taken from one peer in one go: the rest waits for the next. */
const maxPages = 100

export interface CatchUpParts {
  readonly client: PeerClient
  readonly store: OverlayStore
  readonly engine: Pick<OverlayEngine, 'submit'>
  /** Told of transactions that the peer says lost their place. */
  readonly suspect: (txid: string) => void
  readonly signal: AbortSignal
  readonly log: Logger
}

/**
 * Takes what a peer's feed holds since the last time, spends too. Each transaction is verified as if anybody had submitted it; what does not
 * verify is left out. @returns whether the peer offers a feed
 * @throws {Error} when the peer, or the headers, cannot be asked; what was taken is not asked for again
 */
export async function followFeed(peer: string, topic: string, parts: CatchUpParts): Promise<boolean> {
  const { client, store, signal } = parts
  let { n: since, log } = store.cursors.get(peer, topic, 'feed') ?? { n: 0, log: '' }
  for (let pages = 0; pages < maxPages && !signal.aborted; pages++) {
    const page = await client.events(topic, { since, log })
    if (page === 'not offered') return false
    if (page === 'start again' || (log !== '' && page.log !== log)) {
      if (since === 0 && log === '') throw new Error(`${peer} has no log that begins at 0`)
      store.cursors.set(peer, topic, 'feed', { n: (since = 0), log: (log = '') })
      continue
    }
    log = page.log
    for (const event of page.events) {
      if (event.n <= since) throw new Error(`the numbers in the feed of ${peer} do not grow`)
      await take(event, topic, parts)
      store.cursors.set(peer, topic, 'feed', { n: (since = event.n), log })
    }
    if (page.events.length === 0) return true
  }
  return true
}

async function take({ kind, txid, beef }: PeerEvent, topic: string, parts: CatchUpParts): Promise<void> {
  const { store, suspect } = parts
  if (kind === 'evict') suspect(txid)
  if (kind === 'restore') for (const spender of store.spendersOf(txid)) suspect(spender)
  if (kind === 'admit' || kind === 'spend' || kind === 'restore') await submitVerified(beef, topic, parts)
}

/** @throws {RelayError} ERR_UNAVAILABLE only: what is bad is left out */
export async function submitVerified(
  beef: Uint8Array,
  topic: string,
  { engine, log }: Pick<CatchUpParts, 'engine' | 'log'>,
): Promise<void> {
  try {
    await engine.submit({ beef: numbersOf(beef), topics: [topic] }, undefined, 'historical-tx')
  } catch (error) {
    if (!(error instanceof RelayError) || error.code !== 'ERR_INVALID_PARAMETERS') throw error
    log.info({ topic, reason: error.message }, 'what a peer offers does not verify')
  }
}
