import type { IdentityWallet, NodeTransport } from '@overpost/auth'
import type { AdvertPublisher, Clock, HostDirectory, HostLink } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'
import type { HostConfig } from './config.ts'
import type { HostEvents } from './events.ts'
import { AdvertAnnouncements } from './links/advert-announcements.ts'
import { BeefProofs } from './links/beef-proofs.ts'
import { blockHeadersService, HeaderTracker } from './links/header-tracker.ts'
import { HttpHostLink } from './links/http-host-link.ts'
import { OverlayHostDirectory } from './links/overlay-host-directory.ts'
import { httpAdvertWallet, WalletAdvertPublisher } from './links/wallet-advert-publisher.ts'

/** The ways out of a host, as the configuration has them. */
export interface Outbound {
  readonly link: HostLink
  readonly directory: HostDirectory
  /** Null: no wallet pays, and this host mints no adverts. */
  readonly publisher: AdvertPublisher | null
}

export interface OutboundDeps {
  readonly wallet: IdentityWallet
  readonly transport: NodeTransport
  /** To the services that the operator chose. */
  readonly fetch: typeof fetch
  readonly clock: Clock
  /** Whether that sender authorised this host, so that it may vouch for them. */
  readonly hosts: (user: IdentityKey) => Promise<boolean>
  readonly events: Pick<HostEvents, 'announceFailed'>
}

export function createOutbound(
  config: HostConfig,
  { wallet, transport, fetch, clock, hosts, events }: OutboundDeps,
): Outbound {
  const { outbox, limits, overlay, chain, routes } = config
  return {
    link: new HttpHostLink({
      wallet,
      transport,
      clock,
      prefersToVouch: (sender) => (config.proofs.prefer === 'host' ? hosts(sender) : Promise.resolve(false)),
      options: { callTimeoutMs: outbox.callTimeoutMs, batchBytes: limits.batchBytes },
    }),
    directory: createDirectory({ chain, overlay, routes }, clock, fetch),
    publisher: createPublisher(config, wallet, events, fetch),
  }
}

function createDirectory(
  { chain, overlay, routes }: Pick<HostConfig, 'chain' | 'overlay' | 'routes'>,
  clock: Clock,
  fetch: OutboundDeps['fetch'],
): HostDirectory {
  if (chain.headersUrl === undefined) {
    return { find: () => Promise.resolve({ kind: 'failed', reason: 'no block headers service is configured' }) }
  }
  const { headersUrl: url, headersApiKey: apiKey = null, timeoutMs } = chain
  const tracker = new HeaderTracker(blockHeadersService({ url, apiKey, timeoutMs, fetch }), clock)
  return new OverlayHostDirectory(new BeefProofs(tracker), clock, {
    urls: overlay.urls,
    timeoutMs: routes.lookupTimeoutMs,
    fetch,
  })
}

function createPublisher(
  { wallet: { url, originator, timeoutMs }, overlay }: HostConfig,
  signer: IdentityWallet,
  events: OutboundDeps['events'],
  fetch: OutboundDeps['fetch'],
): AdvertPublisher | null {
  if (url === undefined) return null
  return new WalletAdvertPublisher({
    openWallet: httpAdvertWallet({ url, originator, timeoutMs, fetch }),
    signer,
    announcements: new AdvertAnnouncements({
      urls: overlay.urls,
      timeoutMs: overlay.submitTimeoutMs,
      failed: (event) => events.announceFailed(event),
      fetch,
    }),
  })
}
