import type { SignatureVerifier } from '@overpost/protocol'
import type { Alarm } from './alarm.ts'
import type { BackoffPolicy } from './backoff.ts'
import type { HostLogs } from './host-logs.ts'
import type { Homes } from './homes.ts'
import type { Clock } from './ports/clock.ts'
import type { CoreEvents } from './ports/events.ts'
import type { HostLink } from './ports/host-link.ts'
import type { OutboxStore } from './ports/outbox-store.ts'
import type { Random } from './ports/random.ts'
import type { Resolver } from './resolve-hosts.ts'

export interface OutboxOptions {
  /** How many destinations and look-ups are in hand at once: a slow host holds up one lane. */
  readonly lanes: number
  readonly maxMessages: number
  readonly maxBytes: number
  /**
   * How long a destination rests after a call that took several messages: what gathers meanwhile shares one call, one
   * signature and one sync. A message on its own is never held up.
   */
  readonly gatherMs: number
  /** After a failed call or a refused parcel. */
  readonly backoff: BackoffPolicy
  /** After a look-up that found no home. */
  readonly unroutedBackoff: BackoffPolicy
  /** How long delivery is tried before a message has failed. */
  readonly ageLimitMs: number
}

export interface OutboxDeps {
  readonly outbox: OutboxStore
  readonly link: HostLink
  readonly resolver: Pick<Resolver, 'cached' | 'resolve' | 'drop'>
  readonly homes: Pick<Homes, 'has'>
  readonly hostLogs: Pick<HostLogs, 'heard'>
  readonly alarm: Alarm
  /** Rung when a message may have to be returned to its sender. */
  readonly noticesAlarm: Pick<Alarm, 'ring'>
  readonly verifier: SignatureVerifier
  readonly clock: Clock
  /** By which mail grows old. */
  readonly ages: Pick<Clock, 'nowMs'>
  readonly random: Random
  readonly events: CoreEvents
  readonly options: OutboxOptions
}
