import type { Logger } from 'pino'
import type { OverlayStore } from '../storage/overlay-store.ts'
import type { PeerClient } from './peer-client.ts'

const pageEvents = 100
const pageBytes = 4 * 1024 * 1024

/**
 * Passes on to a peer what this node admitted and saw spent since it last did, in order. The event log is the queue: it is on disk, holds a
 * transaction once, when it is news here, and so nothing goes round in circles. What the peer refuses for good is left out.
 * @throws {Error} when the peer cannot take it now; what it took is not sent again
 */
export async function pushNews(
  peer: string,
  topic: string,
  { client, store, signal, log }: { client: PeerClient; store: OverlayStore; signal: AbortSignal; log: Logger },
): Promise<void> {
  let since = store.cursors.get(peer, topic, 'push')?.n ?? 0
  let sent = ''
  while (!signal.aborted) {
    const events = store.events.read(topic, { since, limit: pageEvents, maxBytes: pageBytes })
    if (events.length === 0) return
    for (const { n, kind, proofTxid, beef } of events) {
      signal.throwIfAborted()
      // Each node follows the chain by itself: `restore` and `evict` are nobody else's transactions.
      if ((kind === 'admit' || kind === 'spend') && proofTxid !== sent && !store.standing.isReplaced(proofTxid)) {
        if ((await client.submit(beef, topic)) === 'refused') log.info({ peer, txid: proofTxid }, 'a peer refuses')
        sent = proofTxid
      }
      store.cursors.set(peer, topic, 'push', { n, log: '' })
      since = n
    }
  }
}
