import { fetchOver, type NodeTransport } from '@overpost/auth'
import {
  FeedStandings,
  NodeReputation,
  type Clock,
  type EventFeed,
  type HostDirectory,
  type Random,
} from '@overpost/core'
import { lookupPhip, topicMessagebox, topicPhip, type SignatureVerifier } from '@overpost/protocol'
import type { HostConfig } from './config.ts'
import type { HostEvents } from './events.ts'
import { BeefProofs } from './links/beef-proofs.ts'
import { blockHeadersService, HeaderTracker } from './links/header-tracker.ts'
import { LookupNodes, lookupServices } from './links/lookup-nodes.ts'
import { overlayFeed } from './links/overlay-feed.ts'
import { OverlayHostDirectory } from './links/overlay-host-directory.ts'
import { SlapDiscovery } from './links/slap-discovery.ts'

/** What a host asks overlay nodes, and hears from them. */
export interface Lookups {
  readonly directory: HostDirectory
  /** Finds more nodes; null without block headers, where nothing can be proven. */
  readonly discovery: SlapDiscovery | null
  /** The feeds that are to be followed now. */
  readonly feeds: () => readonly EventFeed[]
  readonly standings: FeedStandings
}

export interface LookupsDeps {
  readonly verifier: SignatureVerifier
  readonly clock: Clock
  readonly random: Random
  /** To the services that the operator chose. */
  readonly fetch: typeof fetch
  /** To addresses that others chose: guarded. */
  readonly transport: NodeTransport
  readonly events: Pick<HostEvents, 'trackerFailed'>
}

const bounds = { mostMs: 60_000, maxAnswerBytes: 12 * 1024 * 1024 }
const topics = [topicPhip, topicMessagebox]
/** Nodes found by SLAP whose feeds are followed, besides those of the configuration. */
const mostFoundFeeds = 4

export function createLookups(
  { chain, overlay, routes, development: allowHttp }: HostConfig,
  { verifier, clock, random, fetch, transport, events }: LookupsDeps,
): Lookups {
  const required = overlay.urls.flatMap((url) => topics.map((topic) => `${url} ${topic}`))
  const standings = new FeedStandings(clock, () => (overlay.follow ? required : []))
  if (chain.headersUrl === undefined) {
    const directory: HostDirectory = {
      isBlind: true,
      find: () => Promise.resolve({ kind: 'failed', reason: 'no block headers service is configured' }),
    }
    return { directory, discovery: null, feeds: () => [], standings }
  }
  const { headersUrl: url, headersApiKey: apiKey = null, timeoutMs } = chain
  const proofs = new BeefProofs(new HeaderTracker(blockHeadersService({ url, apiKey, timeoutMs, fetch }), clock))
  const reputation = new NodeReputation(clock, random)
  const discovery = new SlapDiscovery({
    ...{ fetch, proofs, verifier, reputation, clock, random, allowHttp },
    trackers: overlay.trackers,
    services: lookupServices,
    everyMs: overlay.discoverEveryMs,
    timeoutMs: routes.lookupTimeoutMs,
    failed: (event) => events.trackerFailed(event),
  })
  const chosenByOthers = fetchOver(transport, bounds)
  const found = (service: string) => discovery.found(service)
  const nodes = new LookupNodes({
    ...{ found, reputation, chosenByOthers, chosenHere: fetch },
    configured: overlay.urls,
    mostFound: overlay.nodesAsked,
  })
  return {
    directory: new OverlayHostDirectory({
      ...{ proofs, clock, reputation },
      isBlind: overlay.urls.length === 0 && overlay.trackers.length === 0,
      nodes: () => nodes.forQuestion(),
      timeoutMs: routes.lookupTimeoutMs,
    }),
    discovery,
    feeds() {
      if (!overlay.follow) return []
      const others = found(lookupPhip).filter((each) => !overlay.urls.includes(each))
      const ways = [
        ...overlay.urls.map((each) => ({ url: each, fetch })),
        ...others.slice(0, mostFoundFeeds).map((each) => ({ url: each, fetch: chosenByOthers })),
      ]
      return ways.flatMap((way) => topics.map((topic) => overlayFeed(way, topic)))
    },
    standings,
  }
}
