import {
  AdvertBudget,
  AgeClock,
  Alarm,
  RouteNews,
  runAdvertiser,
  runFeedFollower,
  runHandovers,
  runOutboxLanes,
  runPassAcknowledgements,
  runResends,
  runRetention,
  tellLog,
  tellSenders,
} from '@overpost/core'
import { signEnvelope, type HostOrigin, type IdentityKey } from '@overpost/protocol'
import { Gauge } from 'prom-client'
import type { Background } from '../background.ts'
import { boxRetention } from '../box-retention.ts'
import type { HostConfig } from '../config.ts'
import type { Foundation } from './foundation.ts'
import type { Relay } from './relay.ts'

const dayMs = 24 * 60 * 60 * 1000
const retentionEveryMs = 10 * 60 * 1000
const handoverBackoff = { baseMs: 1_000, mostMs: 5 * 60 * 1000 }
const advertiserBackoff = { baseMs: 1_000, mostMs: 5 * 60 * 1000 }

/** Starts what a host does by itself: deliver, forget, advertise. */
export function startLoops(
  background: Background,
  foundation: Foundation,
  { resolver, homes, mailbox, handles }: Relay,
  self: { readonly hostKey: IdentityKey; readonly origin: HostOrigin },
): void {
  const {
    config,
    log,
    clock,
    random,
    wallet,
    verifier,
    metrics,
    store,
    events,
    storeWatch,
    outbound,
    outboxAlarm,
    advertiserAlarm,
    handoverAlarm,
  } = foundation
  const { link, lookups, publisher } = outbound
  const noticesAlarm = new Alarm(clock)
  const ages = new AgeClock(clock)
  background.start('store', (signal) => storeWatch.run(signal))
  background.start('lanes', (signal) =>
    runOutboxLanes(
      {
        outbox: store.outbox,
        link,
        resolver,
        homes,
        hostLogs: foundation.hostLogs,
        alarm: outboxAlarm,
        noticesAlarm,
        verifier,
        clock,
        ages,
        random,
        events,
        options: outboxOptions(config),
      },
      signal,
    ),
  )
  background.start('resends', (signal) =>
    runResends({ store: store.resends, alarm: foundation.resendAlarm, outboxAlarm, clock, events }, signal),
  )
  background.start('log news', (signal) =>
    tellLog(
      {
        ...{ store: store.resends, link, log: store.mailboxes.incarnation, clock, random, events },
        backoff: { baseMs: config.outbox.backoffBaseMs, mostMs: config.outbox.backoffMostMs },
      },
      signal,
    ),
  )
  background.start('acknowledgements', (signal) =>
    runPassAcknowledgements(
      {
        ...{ store: store.acknowledgements, link, resolver, clock, ages, random, events },
        alarm: foundation.acknowledgementAlarm,
        waker: foundation.passageWaker,
        backoff: { baseMs: config.outbox.backoffBaseMs, mostMs: config.outbox.backoffMostMs },
        memoryMs: config.memoryDays * dayMs,
      },
      signal,
    ),
  )
  background.start('notices', (signal) =>
    tellSenders(
      {
        ...{ outbox: store.outbox, mailbox, homes, resolver, handles, hasher: verifier, hostKey: self.hostKey },
        sign: (message, timestampMs) => signEnvelope(wallet, message, timestampMs, verifier),
        ...{ alarm: noticesAlarm, outboxAlarm, clock, ages, random, events, options: noticeOptions(config) },
      },
      signal,
    ),
  )
  background.start('retention', (signal) =>
    runRetention(
      {
        ...{ store: store.mailboxes, outbox: store.outbox, clock, ages, events, everyMs: retentionEveryMs },
        ...{ memoryMs: config.memoryDays * dayMs, bodiesMs: config.outbox.bodiesMs },
        daysFor: boxRetention(config.retention),
      },
      signal,
    ),
  )
  const { discovery, feeds, standings } = lookups
  const news = new RouteNews({
    ...{ resolver, outbox: store.outbox, outboxAlarm, clock },
    failed: (error) => events.roundFailed({ part: 'news', error }),
  })
  new Gauge({
    name: 'relay_feeds_followed',
    help: 'Feeds of overlay nodes, one for each topic, that tell this host what changes.',
    registers: [metrics.registry],
    collect() {
      this.set(standings.followed)
    },
  })
  background.start('news', (signal) => news.run(signal))
  background.start('feeds', (signal) => runFeedFollower({ feeds, news, standings, clock, random, events }, signal))
  if (discovery !== null) background.start('discovery', (signal) => discovery.run(signal))
  background.start('handover', (signal) =>
    runHandovers(
      {
        handovers: store.handovers,
        mailboxes: store.mailboxes,
        resolver,
        link,
        verifier: foundation.verifier,
        alarm: handoverAlarm,
        clock,
        random,
        events,
        options: {
          limit: config.limits.batchMessages,
          maxBytes: config.limits.batchBytes / 2,
          backoff: handoverBackoff,
        },
      },
      signal,
    ),
  )
  if (publisher === null) {
    log.info('no wallet is configured: this host mints no adverts')
  } else {
    const { authorizations, withdrawals } = store
    const options = { ...config.advertiser, backoff: advertiserBackoff }
    const budget = new AdvertBudget(store.spending, clock, options.dailySatoshis)
    background.start('advertiser', (signal) =>
      runAdvertiser(
        {
          authorizations,
          withdrawals,
          publisher,
          budget,
          alarm: advertiserAlarm,
          clock,
          random,
          events,
          self,
          options,
        },
        signal,
      ),
    )
  }
}

/** What becomes too old is noticed soon: after a hundredth of its time, and after a minute at most. */
function noticeOptions({ outbox: { ageLimitMs, delayNoticeMs } }: HostConfig) {
  const everyMs = Math.min(60_000, Math.ceil(Math.min(ageLimitMs, delayNoticeMs) / 100))
  return { ageLimitMs, delayNoticeMs, everyMs: Math.max(everyMs, 100) }
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
