import { readFileSync } from 'node:fs'
import { MutualAuth, nativeSignatureVerifier, serviceFetch, type IdentityWallet } from '@overpost/auth'
import { Alarm, HostLogs, PassageWaker, type CoreEvents, type Store } from '@overpost/core'
import type { SignatureVerifier } from '@overpost/protocol'
import { openStore } from '@overpost/store'
import type { Logger } from 'pino'
import { collectDefaultMetrics } from 'prom-client'
import type { HostConfig } from '../config.ts'
import { DestinationWaker } from '../destination-waker.ts'
import { createHostEvents, type HostEvents } from '../events.ts'
import { CallerLimits } from '../http/caller-limits.ts'
import { errorRenderer, type RenderError } from '../http/error-answers.ts'
import { openIdentityWallet } from '../identity-key.ts'
import { outgoingTransport, type OutgoingOptions } from '../links/outgoing.ts'
import { pinHostKeys } from '../links/pin-host-keys.ts'
import { createMetrics, type Metrics } from '../metrics.ts'
import { nodeClock } from '../node-clock.ts'
import { nodeRandom } from '../node-random.ts'
import { createOutbound, type Outbound } from '../outbound.ts'
import { operatorTokenCheck, type TokenCheck } from '../operator-token.ts'
import { PeerMeter } from '../peer-meter.ts'
import { StoreWatch } from '../store-watch.ts'
import { isHosted } from './is-hosted.ts'

export interface HostOptions {
  readonly logger: Logger
  /** Counts what the whole process uses, too: for a host that has a process to itself. */
  readonly processMetrics?: boolean
  /** Changes what the guard of outgoing calls lets through, for hosts whose names only this process knows. */
  readonly outgoing?: Pick<OutgoingOptions, 'exceptions' | 'resolve'>
}

/** Takes what must be closed when the host ends; closed in reverse. */
export type OnClose = (closer: () => PromiseLike<void> | void) => void

/** What every part of a host stands on. */
export interface Foundation {
  readonly config: HostConfig
  readonly log: Logger
  readonly clock: typeof nodeClock
  readonly random: typeof nodeRandom
  readonly wallet: IdentityWallet
  readonly verifier: SignatureVerifier
  readonly metrics: Metrics
  readonly store: Store
  /** What happens, logged and counted; who waits for other hosts is told too. */
  readonly events: CoreEvents
  readonly hostEvents: HostEvents
  readonly storeWatch: StoreWatch
  readonly renderError: RenderError
  readonly auth: MutualAuth
  readonly callerLimits: CallerLimits
  readonly outbound: Outbound
  /** How deliveries to other hosts go. */
  readonly peers: PeerMeter
  /** Null: nobody is the operator. */
  readonly operatorToken: TokenCheck | null
  readonly outboxAlarm: Alarm
  readonly advertiserAlarm: Alarm
  readonly handoverAlarm: Alarm
  readonly acknowledgementAlarm: Alarm
  readonly passageWaker: PassageWaker
  readonly resendAlarm: Alarm
  readonly hostLogs: HostLogs
}

/**
 * Opens key, store and ways out, and starts to authenticate.
 * @throws {Error} when its key or its store cannot be had
 */
export async function layFoundation(
  config: HostConfig,
  { logger: log, processMetrics = false, outgoing = {} }: HostOptions,
  onClose: OnClose,
): Promise<Foundation> {
  const clock = nodeClock
  const verifier = nativeSignatureVerifier()
  const wallet = openIdentityWallet(config)
  const operatorToken = operatorTokenCheck(config)
  const metrics = createMetrics()
  if (processMetrics) collectDefaultMetrics({ register: metrics.registry })

  const store = await openStore({ ...config.store, quotas: config.quotas.enabled ? config.quotas : null })
  onClose(() => store[Symbol.asyncDispose]())
  await pinHostKeys(store.hostKeys, config.routes.acceptKeys, clock.nowMs())
  const ca = config.outgoing.ca === undefined ? undefined : readFileSync(config.outgoing.ca, 'utf8')
  const transport = outgoingTransport({ development: config.development, ca, ...outgoing })
  onClose(() => transport.close())
  const services = serviceFetch(ca)
  onClose(() => services.close())

  const outboxAlarm = new Alarm(clock)
  const advertiserAlarm = new Alarm(clock)
  const handoverAlarm = new Alarm(clock)
  const acknowledgementAlarm = new Alarm(clock)
  const resendAlarm = new Alarm(clock)
  const hostEvents = createHostEvents(log, metrics)
  const waker = new DestinationWaker({
    outbox: store.outbox,
    alarm: outboxAlarm,
    clock,
    failed: (error) => hostEvents.roundFailed({ part: 'lane', error }),
  })
  const passageWaker = new PassageWaker({
    ...{ store: store.acknowledgements, alarm: acknowledgementAlarm, clock, events: hostEvents },
  })
  const peers = new PeerMeter(() => clock.nowMs())
  const events = followedBy(hostEvents, waker, peers)
  const hostLogs = new HostLogs({ store: store.resends, alarm: resendAlarm, clock, events })
  const storeWatch = new StoreWatch({
    store,
    clock,
    counted: (counts) => hostEvents.counted({ counts, nowMs: clock.nowMs() }),
    events: hostEvents,
  })
  const renderError = errorRenderer(log, () => storeWatch.failed())
  const auth = new MutualAuth({
    wallet,
    sessions: store.sessionState,
    limits: { sessionLifetimeMs: config.sessions.lifetimeMs },
    onError: renderError,
    heardFrom(identityKey) {
      waker.called(identityKey)
      passageWaker.heardFrom(identityKey)
    },
  })
  await auth.start()
  onClose(() =>
    auth
      .stop()
      .catch((error: unknown) => log.error({ err: error }, 'sessions end: they could not be kept for the next start')),
  )

  const outbound = createOutbound(config, {
    wallet,
    transport,
    fetch: services.fetch,
    clock,
    random: nodeRandom,
    verifier,
    hostKeyStore: store.hostKeys,
    hosts: (user) => isHosted(store, user, clock.nowMs()),
    events: hostEvents,
  })
  const callerLimits = new CallerLimits(config.rates, (by) => metrics.rateLimited.inc({ by }))
  return {
    ...{ config, log, clock, random: nodeRandom, wallet, verifier, metrics, store },
    ...{ events, hostEvents, storeWatch, renderError, auth, outbound, outboxAlarm, advertiserAlarm, handoverAlarm },
    ...{ callerLimits, peers, operatorToken, acknowledgementAlarm, passageWaker, resendAlarm, hostLogs },
  }
}

/** The same events, with `waker` told which hosts fail and which take mail. */
function followedBy(events: CoreEvents, waker: DestinationWaker, peers: PeerMeter): CoreEvents {
  return {
    ...events,
    attemptFailed(event) {
      waker.attemptFailed(event.destination.hostKey)
      peers.failed(event.destination, event.reason)
      events.attemptFailed(event)
    },
    delivered(event) {
      waker.delivered(event.destination.hostKey)
      peers.delivered(event.destination, event.parcels)
      events.delivered(event)
    },
  }
}
