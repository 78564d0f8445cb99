import { readFileSync } from 'node:fs'
import { MutualAuth, nativeSignatureVerifier, RequestVerifier, serviceFetch, type TlsFiles } from '@overpost/auth'
import {
  Alarm,
  Homes,
  isInForce,
  Mailbox,
  ProofPolicies,
  Resolver,
  Router,
  runAdvertiser,
  runOutboxLanes,
  runRetention,
  SenderVouchers,
  type CoreEvents,
  type Store,
} from '@overpost/core'
import {
  capabilityPath,
  isProofAtLeast,
  maxRecipients,
  parseHostOrigin,
  proofKinds,
  type HostOrigin,
  type IdentityKey,
  type ProofDemand,
} from '@overpost/protocol'
import { openStore } from '@overpost/store'
import type { Logger } from 'pino'
import { collectDefaultMetrics } from 'prom-client'
import { Background } from './background.ts'
import type { HostConfig } from './config.ts'
import { DestinationWaker } from './destination-waker.ts'
import { messageboxRoutes } from './doors/messagebox/routes.ts'
import { phipRoutes } from './doors/phip/routes.ts'
import { relayHost } from './doors/well-known/relay-host.ts'
import { createHostEvents } from './events.ts'
import { errorRenderer } from './http/error-answers.ts'
import { health } from './http/health.ts'
import { listen } from './http/http-listener.ts'
import { createPipeline } from './http/pipeline.ts'
import { openIdentityWallet } from './identity-key.ts'
import { outgoingTransport, type OutgoingOptions } from './links/outgoing.ts'
import { createMetrics } from './metrics.ts'
import { nodeClock } from './node-clock.ts'
import { nodeRandom } from './node-random.ts'
import { createOutbound } from './outbound.ts'
import { publicKeyCheck } from './public-key-check.ts'
import { StoreWatch } from './store-watch.ts'

/** A running relay host. Disposing of it drains: requests in hand are answered, sessions saved, the store closed. */
export interface Host extends AsyncDisposable {
  /** The origin under which others reach it, as it is advertised. */
  readonly url: string
  /** Where it listens: behind a proxy, another address. */
  readonly listenUrl: string
  readonly identityKey: IdentityKey
}

export interface HostOptions {
  readonly logger: Logger
  /** Counts what the whole process uses, too: for a host that has a process to itself. */
  readonly processMetrics?: boolean
  /** Changes what the guard of outgoing calls lets through, for hosts whose names only this process knows. */
  readonly outgoing?: Pick<OutgoingOptions, 'exceptions' | 'resolve'>
}

type Closer = () => PromiseLike<void> | void

const software = 'overpost/0.1.0'
const dayMs = 24 * 60 * 60 * 1000
const retentionEveryMs = 10 * 60 * 1000
const advertiserBackoff = { baseMs: 1_000, mostMs: 5 * 60 * 1000 }

/**
 * Starts a host: the only place that knows every part. Resolves when it serves.
 * @throws {Error} when its key, its store or its address cannot be had; nothing is left open then
 */
export async function createHost(
  config: HostConfig,
  { logger, processMetrics = false, outgoing = {} }: HostOptions,
): Promise<Host> {
  const closers: Closer[] = []
  const close = async (): Promise<void> => {
    for (let next = closers.pop(); next !== undefined; next = closers.pop()) await next()
  }
  try {
    const started = await start(config, { logger, processMetrics, outgoing }, (closer) => closers.push(closer))
    return { ...started, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Each part that must be closed is handed to `onClose`; they are closed in reverse. */
async function start(
  config: HostConfig,
  { logger: log, processMetrics, outgoing }: Required<HostOptions>,
  onClose: (closer: Closer) => void,
): Promise<Pick<Host, 'url' | 'listenUrl' | 'identityKey'>> {
  const { limits, development: allowHttp, memoryDays } = config
  const clock = nodeClock
  const random = nodeRandom
  const wallet = openIdentityWallet(config)
  const hostKey = wallet.identityKey
  const verifier = nativeSignatureVerifier()
  const metrics = createMetrics()
  if (processMetrics) collectDefaultMetrics({ register: metrics.registry })

  const store = await openStore(config.store)
  onClose(() => store[Symbol.asyncDispose]())
  const ca = config.outgoing.ca === undefined ? undefined : readFileSync(config.outgoing.ca, 'utf8')
  const transport = outgoingTransport({ development: allowHttp, ca, ...outgoing })
  onClose(() => transport.close())
  const services = serviceFetch(ca)
  onClose(() => services.close())

  const outboxAlarm = new Alarm(clock)
  const advertiserAlarm = new Alarm(clock)
  const hostEvents = createHostEvents(log, metrics)
  const waker = new DestinationWaker({
    outbox: store.outbox,
    alarm: outboxAlarm,
    clock,
    failed: (error) => hostEvents.roundFailed({ part: 'lane', error }),
  })
  const events = followedBy(hostEvents, waker)
  const storeWatch = new StoreWatch({
    store,
    clock,
    counted: (counts) => hostEvents.counted({ counts, nowMs: clock.nowMs() }),
  })
  const renderError = errorRenderer(log, () => storeWatch.failed())
  const auth = new MutualAuth({
    wallet,
    sessions: store.sessionState,
    limits: { sessionLifetimeMs: config.sessions.lifetimeMs },
    onError: renderError,
    heardFrom: (identityKey) => waker.called(identityKey),
  })
  await auth.start()
  onClose(() => auth.stop())

  const { link, directory, publisher } = createOutbound(config, {
    wallet,
    transport,
    fetch: services.fetch,
    clock,
    hosts: (user) => isHosted(store, user, clock.nowMs()),
    events: hostEvents,
  })
  const resolver = new Resolver(
    { directory, verifier, clock, ownKey: hostKey },
    { positiveMs: config.routes.positiveMs, negativeMs: config.routes.negativeMs, allowHttp },
  )
  const homes = new Homes(store.authorizations, clock)
  const policies = new ProofPolicies(store.proofPolicies, proofDemands(config))
  const mailbox = new Mailbox(store.mailboxes)
  const router = new Router({
    store: store.mailboxes,
    homes,
    resolver,
    mailbox,
    outboxAlarm,
    verifier,
    requests: new RequestVerifier(wallet),
    vouchers: new SenderVouchers(resolver),
    policies,
    clock,
    random,
    events,
    memoryDays,
  })

  const background = new Background(log)
  const listener = await listen({
    ...config.listen,
    requestTimeoutMs: limits.requestTimeoutMs,
    tls: tlsFiles(config, log),
  })
  onClose(() => background.stop())
  onClose(() => listener.close(limits.requestTimeoutMs))
  const origin = ownOrigin(config, listener.url)
  const self = { hostKey, origin }

  background.start('store', (signal) => storeWatch.run(signal))
  background.start('lanes', (signal) =>
    runOutboxLanes(
      {
        outbox: store.outbox,
        link,
        resolver,
        homes,
        alarm: outboxAlarm,
        clock,
        random,
        events,
        options: outboxOptions(config),
      },
      signal,
    ),
  )
  background.start('retention', (signal) =>
    runRetention(
      { store: store.mailboxes, clock, events, memoryMs: memoryDays * dayMs, everyMs: retentionEveryMs },
      signal,
    ),
  )
  if (publisher === null) {
    log.info('no wallet is configured: this host mints no adverts')
  } else {
    const { authorizations } = store
    const options = { ...config.advertiser, backoff: advertiserBackoff }
    background.start('advertiser', (signal) =>
      runAdvertiser(
        { authorizations, publisher, alarm: advertiserAlarm, clock, random, events, self, options },
        signal,
      ),
    )
  }

  const app = createPipeline({
    log,
    metrics,
    renderError,
    auth,
    limits,
    publicRoutes: {
      ...health({
        checks: { store: () => storeWatch.fault(), lanes: () => background.fault('lanes') },
        registry: metrics.registry,
      }),
      [capabilityPath]: relayHost({
        wallet,
        clock,
        terms: {
          version: 1,
          identityKey: hostKey,
          origin,
          software,
          openToNewIdentities: config.open,
          memoryDays,
          ...proofTerms(config),
          limits: { bodyBytes: limits.bodyBytes, recipients: maxRecipients },
          batch: { messages: limits.batchMessages, bytes: limits.batchBytes },
        },
      }),
    },
    addRoutes(routes) {
      messageboxRoutes(routes, { router, mailbox, limits, isPublicKey: publicKeyCheck(verifier) })
      phipRoutes(routes, {
        router,
        authorizations: store.authorizations,
        homes,
        policies,
        advertiserAlarm,
        verifier,
        clock,
        limits,
        self,
        open: config.open,
        allowHttp,
      })
    },
  })
  // The address that the nearest proxy saw is the last in the header; those before it are whatever the caller wrote.
  app.proxy = config.trustProxy
  app.maxIpsCount = 1
  const answer = app.callback()
  listener.serve((request, response) => void answer(request, response))
  return { url: origin, listenUrl: listener.url, identityKey: hostKey }
}

function tlsFiles({ tls: { cert, key } }: HostConfig, log: Logger): TlsFiles | null {
  if (cert === undefined || key === undefined) return null
  return {
    cert,
    key,
    reloaded: () => log.info({ cert }, 'new TLS certificate'),
    reloadFailed: (err) => log.error({ err, cert }, 'the new TLS certificate cannot be used'),
  }
}

/** Whether `user` authorised this host, for whatever boxes. */
async function isHosted(
  { authorizations }: Pick<Store, 'authorizations'>,
  user: IdentityKey,
  nowMs: number,
): Promise<boolean> {
  const found = await authorizations.find(user)
  return found !== null && found.revokedAtMs === null && isInForce(found.authorization, nowMs)
}

/** What this host demands of what other hosts hand in. */
function proofDemands({ proofs }: HostConfig): ProofDemand[] {
  return [
    { minimum: proofs.minimum, plaintextOnly: false },
    { minimum: proofs.minimumPlaintext, plaintextOnly: true },
  ]
}

/** The same, as others are told. */
function proofTerms({ proofs: { minimum, minimumPlaintext } }: HostConfig) {
  const isStricter = !isProofAtLeast(minimum, minimumPlaintext)
  return {
    proofs: proofKinds.filter((kind) => isProofAtLeast(kind, minimum)),
    minimumProof: minimum,
    ...(isStricter ? { minimumPlaintextProof: minimumPlaintext } : {}),
  }
}

function outboxOptions({ outbox, limits }: HostConfig) {
  return {
    lanes: outbox.lanes,
    maxMessages: limits.batchMessages,
    maxBytes: limits.batchBytes,
    gatherMs: outbox.gatherMs,
    backoff: { baseMs: outbox.backoffBaseMs, mostMs: outbox.backoffMostMs },
    unroutedBackoff: { baseMs: outbox.unroutedBaseMs, mostMs: outbox.unroutedMostMs },
    ageLimitMs: outbox.ageLimitMs,
  }
}

/** What others call this host; in development, without a setting, where it listens. */
function ownOrigin({ publicUrl, development }: HostConfig, listenUrl: string): HostOrigin {
  const local = listenUrl.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
  const origin = parseHostOrigin(publicUrl ?? local, { allowHttp: development })
  if (origin === null) throw new Error(`publicUrl: ${publicUrl ?? local} cannot be advertised`)
  return origin
}

/** The same events, with `waker` told which hosts fail and which take mail. */
function followedBy(events: CoreEvents, waker: DestinationWaker): CoreEvents {
  return {
    ...events,
    attemptFailed(event) {
      waker.attemptFailed(event.destination.hostKey)
      events.attemptFailed(event)
    },
    delivered(event) {
      waker.delivered(event.destination.hostKey)
      events.delivered(event)
    },
  }
}
