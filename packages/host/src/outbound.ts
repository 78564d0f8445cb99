import { readFileSync } from 'node:fs'
import type { IdentityWallet, NodeTransport } from '@overpost/auth'
import type {
  AcknowledgementLink,
  AdvertPublisher,
  Clock,
  HandoverLink,
  HostKeys,
  HostKeyStore,
  HostLink,
  LogLink,
  PushNotifier,
  Random,
} from '@overpost/core'
import type { IdentityKey, SignatureVerifier } from '@overpost/protocol'
import type { HostConfig } from './config.ts'
import type { HostEvents } from './events.ts'
import { AdvertAnnouncements } from './links/advert-announcements.ts'
import { FcmPushNotifier } from './links/fcm-push-notifier.ts'
import { HttpHostLink } from './links/http-host-link.ts'
import { RememberedHostKeys } from './links/remembered-host-keys.ts'
import { parseServiceAccount } from './links/service-account.ts'
import { httpAdvertWallet, WalletAdvertPublisher } from './links/wallet-advert-publisher.ts'
import { createLookups, type Lookups } from './lookups.ts'

/** The ways out of a host, as the configuration has them. */
export interface Outbound {
  readonly link: HostLink & HandoverLink & AcknowledgementLink & LogLink
  readonly lookups: Lookups
  readonly hostKeys: HostKeys
  /** Null: no wallet pays, and this host mints no adverts. */
  readonly publisher: AdvertPublisher | null
  /** Null: devices are told nothing. */
  readonly push: PushNotifier | null
}

export interface OutboundDeps {
  readonly wallet: IdentityWallet
  readonly transport: NodeTransport
  /** To the services that the operator chose. */
  readonly fetch: typeof fetch
  readonly clock: Clock
  readonly random: Random
  readonly verifier: SignatureVerifier
  readonly hostKeyStore: HostKeyStore
  /** Whether that sender authorised this host, so that it may vouch for them. */
  readonly hosts: (user: IdentityKey) => Promise<boolean>
  readonly events: Pick<
    HostEvents,
    'announceFailed' | 'trackerFailed' | 'hostKeyChanged' | 'hostKeyUnknown' | 'receiptsInvalid'
  >
}

export function createOutbound(config: HostConfig, deps: OutboundDeps): Outbound {
  const { wallet, transport, fetch, clock, hosts, verifier, events } = deps
  const { outbox, limits } = config
  return {
    link: new HttpHostLink({
      wallet,
      transport,
      clock,
      verifier,
      receiptsInvalid: (event) => events.receiptsInvalid(event),
      prefersToVouch: (sender) => (config.proofs.prefer === 'host' ? hosts(sender) : Promise.resolve(false)),
      options: { callTimeoutMs: outbox.callTimeoutMs, batchBytes: limits.batchBytes },
    }),
    lookups: createLookups(config, deps),
    hostKeys: new RememberedHostKeys({
      ...{ store: deps.hostKeyStore, transport, verifier: deps.verifier, clock },
      timeoutMs: config.routes.lookupTimeoutMs,
      changed: (event) => events.hostKeyChanged(event),
      failed: (event) => events.hostKeyUnknown(event),
    }),
    publisher: createPublisher(config, wallet, events, fetch),
    push: createPush(config, clock, fetch),
  }
}

function createPush({ push }: HostConfig, clock: Clock, fetch: OutboundDeps['fetch']): PushNotifier | null {
  if (push.fcmAccountFile === undefined) return null
  const account = parseServiceAccount(readFileSync(push.fcmAccountFile, 'utf8'))
  return new FcmPushNotifier({ account, url: push.fcmUrl, title: push.title, timeoutMs: push.timeoutMs, clock, fetch })
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
