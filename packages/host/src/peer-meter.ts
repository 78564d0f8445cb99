import { BoundedMap, type Destination } from '@overpost/core'

/** How deliveries to a host went, since this process started. */
export interface PeerFigures {
  readonly delivered: number
  readonly deliveredPerMinute: number
  readonly lastDeliveredAtMs: number | null
  readonly lastError: string | null
}

interface Counted {
  readonly destination: Destination
  delivered: number
  lastDeliveredAtMs: number | null
  lastError: string | null
  /** Deliveries, fading out: what came a minute ago counts 1/e. */
  recent: number
  recentAtMs: number
}

const mostPeers = 1_000
const minuteMs = 60_000

/** Follows how deliveries to each host go: those of a thousand hosts that were called last. */
export class PeerMeter {
  readonly #nowMs: () => number
  readonly #peers = new BoundedMap<string, Counted>(mostPeers)

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  delivered(destination: Destination, parcels: number): void {
    const peer = this.#of(destination)
    const nowMs = this.#nowMs()
    peer.recent = fade(peer, nowMs) + parcels
    peer.recentAtMs = nowMs
    peer.delivered += parcels
    peer.lastDeliveredAtMs = nowMs
  }

  failed(destination: Destination, reason: string): void {
    this.#of(destination).lastError = reason
  }

  figures(destination: Destination): PeerFigures {
    const peer = this.#peers.get(keyOf(destination))
    if (peer === undefined) return { delivered: 0, deliveredPerMinute: 0, lastDeliveredAtMs: null, lastError: null }
    const { delivered, lastDeliveredAtMs, lastError } = peer
    return { delivered, deliveredPerMinute: Math.round(fade(peer, this.#nowMs())), lastDeliveredAtMs, lastError }
  }

  /** Hosts that were called, the one that was called last at the end. */
  destinations(): Destination[] {
    return [...this.#peers.values()].map(({ destination }) => destination)
  }

  #of(destination: Destination): Counted {
    const key = keyOf(destination)
    const known = this.#peers.get(key)
    const fresh = { delivered: 0, lastDeliveredAtMs: null, lastError: null, recent: 0, recentAtMs: 0 }
    const peer = known ?? { destination, ...fresh }
    this.#peers.set(key, peer)
    return peer
  }
}

function fade({ recent, recentAtMs }: Counted, nowMs: number): number {
  return recent * Math.exp((recentAtMs - nowMs) / minuteMs)
}

function keyOf({ hostKey, origin }: Destination): string {
  return `${hostKey} ${origin}`
}
