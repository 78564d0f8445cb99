import { topicShip } from '@overpost/protocol'
import type { Logger } from 'pino'
import type { OverlayConfig } from '../config.ts'
import type { Outgoing } from '../outgoing.ts'
import type { OverlayEngine } from '../overlay-engine.ts'
import type { OverlayStore } from '../storage/overlay-store.ts'
import { peerClient } from './peer-client.ts'
import { PeerNetwork, type Peer } from './peer-network.ts'

export interface ConfiguredPeersParts {
  readonly store: OverlayStore
  readonly engine: OverlayEngine
  readonly suspect: (txid: string) => void
  readonly outgoing: Outgoing
  /** The addresses of this node itself. */
  readonly own: readonly string[]
  readonly log: Logger
}

/** The peers of a node: those that its operator names, and those that SHIP tokens name for its topics. */
export function configuredPeers({ peers: config }: OverlayConfig, parts: ConfiguredPeersParts): PeerNetwork {
  const { store, engine, suspect, outgoing, own, log } = parts
  const { discover, most, timeoutMs, syncMs, retryMs } = config
  const topics = Object.keys(engine.managers)
  const urls = config.urls.filter((url) => !own.includes(url))

  const peers = (): Peer[] => {
    const named = urls.map((url) => ({ url, topics, isChosenHere: true }))
    if (!discover) return named
    const found = new Map<string, string[]>()
    for (const topic of topics) {
      for (const origin of store.claims.liveOrigins(topicShip, topic, most + own.length + urls.length)) {
        if (own.includes(origin) || urls.includes(origin)) continue
        if (found.has(origin) || found.size < most) found.set(origin, [...(found.get(origin) ?? []), topic])
      }
    }
    return [...named, ...[...found].map(([url, hosted]) => ({ url, topics: hosted, isChosenHere: false }))]
  }

  return new PeerNetwork({
    store,
    engine,
    suspect,
    peers,
    client: ({ url, isChosenHere }, signal) =>
      peerClient(url, {
        transport: isChosenHere ? outgoing.chosenHere : outgoing.chosenByOthers,
        timeoutMs,
        signal,
      }),
    syncMs,
    retryMs,
    log: log.child({ part: 'peers' }),
  })
}
