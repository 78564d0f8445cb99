import { ARC, BlockHeadersService, HTTPWalletJSON } from '@bsv/sdk'
import { IdentityWallet, nativeSignatureVerifier, serviceFetch, type TlsFiles } from '@overpost/auth'
import type { HostOrigin, SignatureVerifier } from '@overpost/protocol'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino, type Logger } from 'pino'
import type { OverlayConfig } from './config.ts'
import { EventFeed } from './event-feed.ts'
import { hostedAdverts, hostedLookups, hostedTopics } from './hosted-services.ts'
import type { HealthReport } from './http/health-routes.ts'
import { overlayApp } from './http/overlay-app.ts'
import { OverlayServer } from './http/overlay-server.ts'
import { createMetrics } from './metrics.ts'
import { createOutgoing } from './outgoing.ts'
import { OverlayEngine } from './overlay-engine.ts'
import { httpOverlayPeer, type OverlayPeer } from './overlay-peer.ts'
import { ownWay } from './own-way.ts'
import { configuredPeers } from './peers/configured-peers.ts'
import type { PeerNetwork } from './peers/peer-network.ts'
import type { ChainFollower } from './reorgs/chain-follower.ts'
import { configuredFollower } from './reorgs/configured-follower.ts'
import { SelfAdvertiser } from './self-advertiser.ts'
import { HeaderChain } from './spv/header-chain.ts'
import { limitedHttpClient } from './spv/limited-http-client.ts'
import { OverlayStore } from './storage/overlay-store.ts'

const advertisingPatienceMs = 10_000
const healthPatienceMs = 1_000

/** A node that runs. Disposing drains it: waiting requests are answered, running ones may finish, then the database is closed. */
export interface OverlayNode extends AsyncDisposable {
  /** Where it listens. */
  readonly url: string
  readonly engine: OverlayEngine
  readonly store: OverlayStore
  readonly follower: ChainFollower
  readonly peers: PeerNetwork
}

/**
 * Starts an overlay node. It listens, knows its own adverts, and has told its peers or tried to, when this resolves. `log`: standard error at
 * the configured level when left out.
 */
export async function startOverlayNode(
  config: OverlayConfig,
  { log = pino({ level: config.logLevel }, pino.destination(2)) }: { log?: Logger } = {},
): Promise<OverlayNode> {
  const ca = config.outgoing.ca === undefined ? undefined : readFileSync(config.outgoing.ca, 'utf8')
  const services = serviceFetch(ca)
  const server = new OverlayServer({ tls: tlsFiles(config, log), trustProxy: config.trustProxy })
  mkdirSync(config.dataDir, { recursive: true })
  const store = new OverlayStore(join(config.dataDir, 'overlay.sqlite'))
  const outgoing = createOutgoing({ development: config.development, ca })
  const closers = [() => services.close(), () => outgoing.close(), () => store[Symbol.dispose]()]
  const close = () => {
    for (const closer of closers) closer()
  }
  try {
    const url = await server.listen(config.listen)
    const publicUrl = (config.publicUrl ?? (config.development ? url : undefined)) as HostOrigin | undefined
    const verifier = nativeSignatureVerifier()
    const headers = headerChain(config, services.fetch)
    const feed = new EventFeed(store.events, { waiters: config.limits.feedWaiters, waitMs: config.limits.feedWaitMs })
    const metrics = createMetrics({ store, waiting: () => feed.waiting })
    const broadcaster = arcBroadcaster(config, publicUrl, services.fetch)
    const engine = new OverlayEngine({
      store,
      headers,
      broadcaster,
      topics: hostedTopics({ verifier, allowHttp: config.development, blocklist: new Set(config.blocklist) }),
      lookups: hostedLookups({ store, verifier, now: Date.now }),
      log,
      onAdmission() {
        metrics.admitted()
        feed.notify()
        peers.news()
      },
    })
    const follower = configuredFollower(config, {
      store,
      headers,
      engine,
      broadcaster,
      fetch: services.fetch,
      onChange: () => feed.notify(),
      log,
    })
    const suspect = (txid: string) => follower.suspect(txid)
    const addresses = publicUrl === undefined ? [url] : [url, publicUrl]
    const peers = configuredPeers(config, { store, engine, suspect, outgoing, own: addresses, log })
    const own = publicUrl === undefined || config.tls.cert === undefined ? null : ownWay(url, { publicUrl, ca })
    if (own !== null) closers.push(() => own.close())
    const self = own === null ? httpOverlayPeer(url) : httpOverlayPeer(own.url, own.fetch)
    const advertiser =
      publicUrl === undefined ? null : selfAdvertiser(config, { self, publicUrl, verifier, log, fetch: services.fetch })
    const health = () => healthReport({ store, headers, advertiser, peers, server })
    server.serve(overlayApp({ engine, feed, suspect, metrics, health, limits: config.limits, log }))
    follower.start()
    peers.start()
    await advertiser?.start(advertisingPatienceMs)
    return {
      url,
      engine,
      store,
      follower,
      peers,
      async [Symbol.asyncDispose]() {
        await Promise.all([advertiser?.stop(), follower.stop(), peers.stop()])
        const drained = server.drain(config.drainMs)
        feed.close()
        await drained
        close()
      },
    }
  } catch (error) {
    await server.drain(0)
    close()
    throw error
  }
}

function tlsFiles({ tls: { cert, key } }: OverlayConfig, log: Logger): TlsFiles | null {
  if (cert === undefined || key === undefined) return null
  return {
    cert,
    key,
    reloaded: () => log.info({ cert }, 'new TLS certificate'),
    reloadFailed: (err) => log.error({ err, cert }, 'the new TLS certificate cannot be used'),
  }
}

function headerChain({ headers }: OverlayConfig, call: typeof fetch): HeaderChain {
  const httpClient = limitedHttpClient({ timeoutMs: headers.timeoutMs, maxAnswerBytes: 64 * 1024, fetch: call })
  const service = new BlockHeadersService(headers.url, { httpClient, apiKey: headers.apiKey ?? '' })
  return new HeaderChain(service, { deepBlocks: headers.deepBlocks, now: () => performance.now() })
}

/** ARC calls back at our `/arc-ingest` with the Merkle path once the transaction is mined. */
function arcBroadcaster({ arc }: OverlayConfig, publicUrl: string | undefined, call: typeof fetch): ARC | null {
  if (arc.url === undefined) return null
  return new ARC(arc.url, {
    httpClient: limitedHttpClient({ timeoutMs: arc.timeoutMs, maxAnswerBytes: 1024 * 1024, fetch: call }),
    ...(arc.apiKey === undefined ? {} : { apiKey: arc.apiKey }),
    ...(publicUrl === undefined ? {} : { callbackUrl: `${publicUrl}/arc-ingest` }),
  })
}

interface OwnAddress {
  /** This node, as it reaches itself. */
  readonly self: OverlayPeer
  readonly publicUrl: HostOrigin
  readonly verifier: SignatureVerifier
  readonly log: Logger
  readonly fetch: typeof fetch
}

function selfAdvertiser(
  { advertise }: OverlayConfig,
  { self, publicUrl, verifier, log, fetch: call }: OwnAddress,
): SelfAdvertiser | null {
  const { privateKey, walletUrl, originator, peers, recheckMs } = advertise
  if (privateKey === undefined || walletUrl === undefined) return null
  const signer = new IdentityWallet(privateKey)
  return new SelfAdvertiser({
    signer,
    identityKey: signer.identityKey,
    wallet: new HTTPWalletJSON(originator, walletUrl, fetchWithin(60_000, call)),
    verifier,
    origin: publicUrl,
    adverts: hostedAdverts,
    nodes: [self, ...peers.map((peer) => httpOverlayPeer(peer, call))],
    recheckMs,
    log: log.child({ part: 'advertiser' }),
  })
}

function fetchWithin(timeoutMs: number, call: typeof fetch): typeof fetch {
  return (input, init) => call(input, { ...init, signal: AbortSignal.timeout(timeoutMs) })
}

interface HealthParts {
  readonly store: OverlayStore
  readonly headers: HeaderChain
  readonly advertiser: SelfAdvertiser | null
  readonly peers: PeerNetwork
  readonly server: OverlayServer
}

async function healthReport({ store, headers, advertiser, peers, server }: HealthParts): Promise<HealthReport> {
  const tip = await Promise.race([headers.tipHeight().catch(() => null), patience(healthPatienceMs)])
  return {
    checks: {
      serving: server.isDraining ? 'failing' : 'ok',
      database: isReadable(store) ? 'ok' : 'failing',
      headers: tip === null ? 'failing' : 'ok',
    },
    details: {
      tipHeight: tip,
      lastEvent: isReadable(store) ? store.events.last() : null,
      adverts: advertiser === null ? 'off' : advertiser.isUpToDate ? 'ok' : 'failing',
      peers: peers.standing,
    },
  }
}

function isReadable(store: OverlayStore): boolean {
  try {
    return store.events.last() >= 0
  } catch {
    return false
  }
}

function patience(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), ms).unref())
}
