import type { Alarm } from './alarm.ts'
import { backoffMs, type BackoffPolicy } from './backoff.ts'
import type { Clock } from './ports/clock.ts'
import type { CoreEvents } from './ports/events.ts'
import type { LogLink } from './ports/host-link.ts'
import type { Random } from './ports/random.ts'
import type { LogNews, ResendStore } from './ports/resend-store.ts'

export interface ResendDeps {
  readonly store: Pick<ResendStore, 'resendSome'>
  /** Rung when a host's log is found to have begun anew. */
  readonly alarm: Alarm
  readonly outboxAlarm: Pick<Alarm, 'ring'>
  readonly clock: Clock
  readonly events: Pick<CoreEvents, 'resent' | 'roundFailed'>
}

export interface TellLogDeps {
  readonly store: Pick<ResendStore, 'dueNews' | 'nextNewsAtMs' | 'finishNews'>
  readonly link: LogLink
  /** What the log here is called. */
  readonly log: string
  readonly clock: Clock
  readonly random: Random
  readonly events: Pick<CoreEvents, 'roundFailed'>
  readonly backoff: BackoffPolicy
}

const atOnce = 20
const pauseAfterFaultMs = 1_000
/** As long as others keep the bodies of what they delivered. */
const tellForMs = 24 * 60 * 60 * 1000

/** Lets hosts whose logs began anew have again what they had, in steps between which other work goes on, until `signal` aborts. */
export async function runResends(deps: ResendDeps, signal: AbortSignal): Promise<void> {
  const { store, alarm, outboxAlarm, clock, events } = deps
  while (!signal.aborted) {
    try {
      const { parcels, isMoreLeft } = await store.resendSome(clock.nowMs())
      if (parcels > 0) {
        events.resent({ parcels })
        outboxAlarm.ring()
      }
      if (!isMoreLeft) await alarm.until(null, signal)
    } catch (error) {
      events.roundFailed({ part: 'resend', error })
      await clock.until(clock.nowMs() + pauseAfterFaultMs, signal)
    }
  }
}

/** Tells other hosts that the log here began anew, until each has heard it, for a day; goes on until `signal` aborts. */
export async function tellLog(deps: TellLogDeps, signal: AbortSignal): Promise<void> {
  const { store, clock, events } = deps
  while (!signal.aborted) {
    try {
      const due = await store.dueNews(clock.nowMs(), atOnce)
      if (due.length > 0) await Promise.all(due.map((news) => tell(news, deps, signal)))
      else await clock.until(await store.nextNewsAtMs(), signal)
    } catch (error) {
      events.roundFailed({ part: 'resend', error })
      await clock.until(clock.nowMs() + pauseAfterFaultMs, signal)
    }
  }
}

async function tell(
  { id, destination, sinceMs, attempts }: LogNews,
  deps: TellLogDeps,
  signal: AbortSignal,
): Promise<void> {
  const { store, link, log, clock, random, backoff } = deps
  const isTooLate = clock.nowMs() - sinceMs > tellForMs
  const answer = isTooLate ? 'refused' : await link.tellLog(destination, log, signal)
  if (signal.aborted) return
  const againAtMs = clock.nowMs() + backoffMs(attempts, backoff, random.fraction())
  await store.finishNews(id, answer === 'failed' ? againAtMs : null)
}
