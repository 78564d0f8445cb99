import type { CoreEvents, Destination, OutboxCounts } from '@overpost/core'
import type { ForwardId } from '@overpost/protocol'
import type { Logger } from 'pino'
import { reasonOf } from './links/connection-fault.ts'
import type { Metrics } from './metrics.ts'

/** What happens in a host: one function per business event, which writes both log and counter. */
export interface HostEvents extends CoreEvents {
  /** An overlay node does not take a transaction of ours, or could not be asked. */
  announceFailed(event: { url: string; reason: string }): void
  /** A host that is known by its origin shows another key than before; the one before stays. */
  hostKeyChanged(event: { origin: string; hostKey: string; offeredKey: string }): void
  /** A host that is known by its origin could not be asked who it is. */
  hostKeyUnknown(event: { origin: string; reason: string }): void
  /** A tracker could not be asked for lookup nodes. */
  trackerFailed(event: { url: string; reason: string }): void
  /** What a host shows as its receipts for messages does not hold. They are delivered all the same. */
  receiptsInvalid(event: { destination: Destination; receipts: number }): void
  /** The outbox as it is now. */
  counted(event: { counts: OutboxCounts; nowMs: number }): void
  /** There is no room for new mail any more, or there is again. */
  filledUp(event: { isFull: boolean }): void
  /** What is stored is not what was written. */
  damaged(event: { what: string }): void
}

/** Identity keys are not logged: they say who talks with whom. */
export function createHostEvents(log: Logger, metrics: Metrics): HostEvents {
  const accepted = {
    stored: metrics.accepted.labels({ outcome: 'stored' }),
    duplicate: metrics.accepted.labels({ outcome: 'duplicate' }),
  }
  return {
    accepted({ placements, duplicates, here, forwarded, unrouted }) {
      accepted.stored.inc(placements - duplicates)
      if (duplicates > 0) accepted.duplicate.inc(duplicates)
      log.debug({ placements, duplicates, here, forwarded, unrouted }, 'accepted')
    },
    received({ stored, duplicates, refused, again }) {
      if (stored > 0) metrics.received.inc({ outcome: 'stored' }, stored)
      if (duplicates > 0) metrics.received.inc({ outcome: 'duplicate' }, duplicates)
      if (refused > 0) metrics.received.inc({ outcome: 'refused' }, refused)
      if (again > 0) {
        metrics.again.inc({ way: 'in' }, again)
        log.info({ messages: again }, 'another host sent again what was lost here')
      }
      log.debug({ stored, duplicates, refused }, 'received')
    },
    overQuota({ quota, messages }) {
      metrics.overQuota.inc({ quota }, messages)
      log.debug({ quota, messages }, 'over quota')
    },
    pruned({ messages }) {
      metrics.pruned.inc(messages)
      log.info({ messages }, 'pruned')
    },
    delivered({ destination, parcels, duplicates, ageMs }) {
      metrics.attempts.inc({ outcome: 'answered' })
      metrics.parcels.inc({ outcome: 'delivered' }, parcels)
      metrics.parcelSeconds.observe(ageMs / 1000)
      log.debug({ host: destination.origin, parcels, duplicates, ageMs }, 'delivered')
    },
    attemptFailed({ destination, parcels, failures, reason }) {
      metrics.attempts.inc({ outcome: 'failed' })
      const fields = { host: destination.origin, parcels, failures, reason }
      if (failures === 1) log.warn(fields, 'a host does not take messages')
      else log.debug(fields, 'a host still does not take messages')
    },
    parcelFailed({ destination, reason }) {
      metrics.parcels.inc({ outcome: 'failed' })
      log.warn({ host: destination?.origin ?? null, reason }, 'a message cannot be delivered')
    },
    resent({ parcels }) {
      metrics.again.inc({ way: 'out' }, parcels)
      log.info({ messages: parcels }, 'the log of a host began anew: what it had goes again')
    },
    returned({ reason }) {
      metrics.notices.inc({ kind: 'returned' })
      log.info({ reason }, 'a message was returned to its sender')
    },
    delayed({ messages }) {
      metrics.notices.inc({ kind: 'delayed' }, messages)
      log.debug({ messages }, 'senders were told that their messages wait')
    },
    rerouted({ destination, reason }) {
      metrics.parcels.inc({ outcome: 'rerouted' })
      log.info({ host: destination.origin, reason }, 'a message looks for another home')
    },
    routed({ hosts, messages }) {
      metrics.lookups.inc({ outcome: 'found' })
      log.debug({ hosts, messages }, 'homes found')
    },
    lookupFailed({ reason }) {
      metrics.lookups.inc({ outcome: 'failed' })
      log.warn({ reason }, 'the overlay could not be asked')
    },
    feedFailed({ node, topic, error }) {
      log.info({ node, topic, reason: reasonOf(error) }, 'the feed of an overlay node cannot be read')
    },
    published({ created, spent, txid }) {
      if (created > 0) metrics.adverts.inc({ change: 'created' }, created)
      if (spent > 0) metrics.adverts.inc({ change: 'spent' }, spent)
      log.info({ created, spent, txid }, 'adverts published')
    },
    handedOver({ destination, messages, left }) {
      log.info({ host: destination.origin, messages, left }, 'handed over what waited for a user who moved')
    },
    budgetUsed({ on, waiting }) {
      log.warn({ on, waiting }, 'the budget for adverts is used up for today')
    },
    pushed({ told, gone, failed }) {
      metrics.pushes.inc({ outcome: 'told' }, told)
      metrics.pushes.inc({ outcome: 'gone' }, gone)
      metrics.pushes.inc({ outcome: 'failed' }, failed)
      if (failed > 0) log.warn({ failed }, 'devices could not be told of news')
    },
    traced({ step, forwardId, outcome }) {
      if (log.isLevelEnabled('debug')) log.debug({ trace: traceOf(forwardId), step, outcome }, 'message')
    },
    roundFailed({ part, error }) {
      metrics.roundFailures.inc({ part })
      log.error({ part, err: error }, 'a round failed')
    },
    announceFailed({ url, reason }) {
      metrics.announcements.inc({ outcome: 'failed' })
      log.warn({ node: url, reason }, 'an overlay node does not take an advert')
    },
    filledUp({ isFull }) {
      metrics.storeFull.set(isFull ? 1 : 0)
      if (isFull)
        log.error('no room for new mail: it is refused until there is, while deliveries and readers make some')
      else log.info('there is room for new mail again')
    },
    damaged({ what }) {
      log.fatal({ what }, 'the store is damaged: stop this host, run `overpost check`, bring a backup back')
    },
    hostKeyChanged({ origin, hostKey, offeredKey }) {
      metrics.hostKeyChanges.inc()
      log.error({ host: origin, hostKey, offeredKey }, 'a host shows another key: accept it, if it is meant to')
    },
    hostKeyUnknown({ origin, reason }) {
      log.info({ host: origin, reason }, 'a host does not say who it is')
    },
    trackerFailed({ url, reason }) {
      log.warn({ node: url, reason }, 'a tracker does not say which nodes answer lookups')
    },
    receiptsInvalid({ destination, receipts }) {
      metrics.invalidReceipts.inc(receipts)
      log.warn({ host: destination.origin, receipts }, 'a host gives receipts that do not hold')
    },
    counted({ counts, nowMs }) {
      const { parcels, unrouted, failed, oldestAcceptedAtMs } = counts
      metrics.waiting.set({ kind: 'parcels' }, parcels)
      metrics.waiting.set({ kind: 'unrouted' }, unrouted)
      metrics.waiting.set({ kind: 'failed' }, failed)
      metrics.oldestWaitingSeconds.set(oldestAcceptedAtMs === null ? 0 : Math.max(0, nowMs - oldestAcceptedAtMs) / 1000)
    },
  }
}

/** The part of a forward id that tells it from others: both hosts log it, and it says nothing of who wrote what to whom. */
function traceOf(forwardId: ForwardId): string {
  return forwardId.slice(16, 32)
}
