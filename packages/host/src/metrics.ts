import { Counter, Gauge, Histogram, Registry } from 'prom-client'

/** The numbers of one host, and the text that Prometheus reads. Labels have few values: never keys, never hosts. */
export interface Metrics {
  readonly registry: Registry
  readonly requests: Counter<'route' | 'status'>
  readonly requestSeconds: Histogram
  readonly rateLimited: Counter<'by'>
  readonly overQuota: Counter<'quota'>
  readonly pruned: Counter
  readonly accepted: Counter<'outcome'>
  readonly received: Counter<'outcome'>
  readonly again: Counter<'way'>
  readonly parcels: Counter<'outcome'>
  readonly parcelSeconds: Histogram
  readonly attempts: Counter<'outcome'>
  readonly lookups: Counter<'outcome'>
  readonly notices: Counter<'kind'>
  readonly adverts: Counter<'change'>
  readonly announcements: Counter<'outcome'>
  readonly hostKeyChanges: Counter
  readonly invalidReceipts: Counter
  readonly pushes: Counter<'outcome'>
  readonly roundFailures: Counter<'part'>
  readonly liveConnections: Gauge
  readonly waiting: Gauge<'kind'>
  readonly oldestWaitingSeconds: Gauge
  readonly storeFull: Gauge
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]): Counter<Label> =>
    new Counter({ name, help, labelNames, registers })
  const seconds = (name: string, help: string, buckets: number[]): Histogram =>
    new Histogram({ name, help, buckets, registers })
  return {
    registry,
    requests: counter('relay_http_requests_total', 'Requests by route and status.', 'route', 'status'),
    requestSeconds: seconds(
      'relay_http_request_seconds',
      'Time to answer.',
      [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 10],
    ),
    rateLimited: counter('relay_rate_limited_total', 'Calls refused for their rate, by whose it was.', 'by'),
    pruned: counter('relay_messages_pruned_total', 'Messages removed from boxes that keep them no longer.'),
    overQuota: counter('relay_over_quota_total', 'Messages refused for a quota, by which.', 'quota'),
    accepted: counter('relay_messages_accepted_total', 'Messages that users sent here.', 'outcome'),
    received: counter('relay_messages_received_total', 'Messages that other hosts handed in.', 'outcome'),
    again: counter(
      'relay_messages_again_total',
      'Messages lost by a host that began anew from a backup: to others that lost them, and back in here.',
      'way',
    ),
    parcels: counter('relay_outbox_parcels_total', 'Messages for other hosts, by what became of them.', 'outcome'),
    parcelSeconds: seconds(
      'relay_outbox_parcel_seconds',
      'Age at delivery.',
      [0.01, 0.1, 1, 10, 60, 600, 3600, 86_400],
    ),
    attempts: counter('relay_outbox_attempts_total', 'Calls to other hosts.', 'outcome'),
    lookups: counter('relay_lookups_total', 'Searches for homes of messages that had none.', 'outcome'),
    notices: counter(
      'relay_notices_total',
      'Senders told of a message that was returned, or that waits for long.',
      'kind',
    ),
    adverts: counter('relay_adverts_total', 'Adverts made and ended on chain.', 'change'),
    announcements: counter('relay_advert_announcements_total', 'Calls that tell overlay nodes of adverts.', 'outcome'),
    hostKeyChanges: counter('relay_host_key_changes_total', 'Hosts found to show another key than before.'),
    invalidReceipts: counter('relay_invalid_receipts_total', 'Custody receipts of other hosts that did not hold.'),
    pushes: counter('relay_device_pushes_total', 'Devices to be told of news, by what became of it.', 'outcome'),
    roundFailures: counter('relay_round_failures_total', 'Rounds of a background part that failed.', 'part'),
    liveConnections: new Gauge({ name: 'relay_live_connections', help: 'Live connections that are open.', registers }),
    waiting: new Gauge({ name: 'relay_outbox_waiting', help: 'Rows in the outbox.', labelNames: ['kind'], registers }),
    storeFull: new Gauge({ name: 'relay_store_full', help: '1: no room for new mail.', registers }),
    oldestWaitingSeconds: new Gauge({ name: 'relay_outbox_oldest_seconds', help: 'Age of the oldest row.', registers }),
  }
}

export type RequestCounter = (path: string, status: number, seconds: number) => void

/** Counts requests: those of `paths` by their names, all others together. Looks each pair of labels up once. */
export function requestCounter(
  { requests, requestSeconds }: Pick<Metrics, 'requests' | 'requestSeconds'>,
  paths: readonly string[],
): RequestCounter {
  const routes = new Map(paths.map((path) => [path, new Map<number, { inc(): void }>()]))
  const others = new Map<number, { inc(): void }>()
  return (path, status, seconds) => {
    const known = routes.get(path)
    const counters = known ?? others
    let counter = counters.get(status)
    if (counter === undefined) {
      counter = requests.labels({ route: known === undefined ? 'other' : path, status })
      counters.set(status, counter)
    }
    counter.inc()
    requestSeconds.observe(seconds)
  }
}
