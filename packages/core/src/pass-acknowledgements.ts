import type { IdentityKey, SyncAcknowledgements } from '@overpost/protocol'
import type { Alarm } from './alarm.ts'
import { backoffMs, type BackoffPolicy } from './backoff.ts'
import type { Destination } from './message.ts'
import type { PassageWaker } from './passage-waker.ts'
import type { AcknowledgementStore, Passage } from './ports/acknowledgement-store.ts'
import type { Clock } from './ports/clock.ts'
import type { CoreEvents } from './ports/events.ts'
import type { AcknowledgementLink } from './ports/host-link.ts'
import type { Random } from './ports/random.ts'
import { destinationsFor, type Resolver } from './resolve-hosts.ts'

export interface PassAcknowledgementsDeps {
  readonly store: Pick<AcknowledgementStore, 'duePassages' | 'nextPassageAtMs' | 'finishPassage'>
  readonly waker: Pick<PassageWaker, 'missed'>
  readonly link: AcknowledgementLink
  readonly resolver: Pick<Resolver, 'resolve'>
  readonly alarm: Alarm
  readonly clock: Clock
  readonly ages: Pick<Clock, 'nowMs'>
  readonly random: Random
  readonly events: Pick<CoreEvents, 'roundFailed'>
  readonly backoff: BackoffPolicy
  /** What is older by `ages` would be refused. */
  readonly memoryMs: number
}

const atOnce = 100
const pauseAfterFaultMs = 1_000

/** Passes on what users acknowledged here, to their other homes, until each has it; ends when `signal` aborts. */
export async function runPassAcknowledgements(deps: PassAcknowledgementsDeps, signal: AbortSignal): Promise<void> {
  const { store, alarm, clock, events, backoff } = deps
  while (!signal.aborted) {
    try {
      const due = await store.duePassages({
        ...{ nowMs: clock.nowMs(), longestWaitMs: backoff.mostMs, limit: atOnce },
      })
      if (due.length === 0) await alarm.until(await store.nextPassageAtMs(), signal)
      else await passOn(due, deps, signal)
    } catch (error) {
      events.roundFailed({ part: 'acknowledgements', error })
      await clock.until(clock.nowMs() + pauseAfterFaultMs, signal)
    }
  }
}

/** One call to a host at a time, and none after one that failed: a host that is down costs one call a round. */
async function passOn(due: readonly Passage[], deps: PassAcknowledgementsDeps, signal: AbortSignal): Promise<void> {
  const calls = new Map<IdentityKey, Promise<boolean>>()
  const tell = (to: Destination, sync: SyncAcknowledgements): Promise<boolean> => {
    const before = calls.get(to.hostKey) ?? Promise.resolve(true)
    const next = before.then(
      async (isUp) => isUp && (await deps.link.syncAcknowledgements(to, sync, signal)) !== 'failed',
    )
    calls.set(to.hostKey, next)
    return next
  }
  await Promise.all(due.map((passage) => pass(passage, tell, deps, signal)))
}

async function pass(
  passage: Passage,
  tell: (to: Destination, sync: SyncAcknowledgements) => Promise<boolean>,
  { store, waker, resolver, clock, ages, random, backoff, memoryMs }: PassAcknowledgementsDeps,
  signal: AbortSignal,
): Promise<void> {
  const { id, sync, notedAtMs, attempts } = passage
  if (ages.nowMs() - notedAtMs > memoryMs) {
    await store.finishPassage(id, null)
    return
  }
  const found = await resolver.resolve(sync.recipient, signal)
  let done: readonly IdentityKey[] = passage.done
  let missed: readonly IdentityKey[] = []
  let isOver = false
  if (found.kind === 'routes') {
    const boxes = [...new Set(sync.messages.map(({ box }) => box))]
    const homes = new Map(
      boxes.flatMap((box) => destinationsFor(found.routes, box)).map((home) => [home.hostKey, home]),
    )
    const open = [...homes.values()].filter(({ hostKey }) => !done.includes(hostKey))
    const told = await Promise.all(open.map((home) => tell(home, sync)))
    done = [...done, ...open.filter((_, index) => told[index]).map(({ hostKey }) => hostKey)]
    missed = open.filter((_, index) => told[index] === false).map(({ hostKey }) => hostKey)
    isOver = missed.length === 0
  }
  const atMs = clock.nowMs() + backoffMs(attempts, backoff, random.fraction())
  await store.finishPassage(id, isOver ? null : { atMs, done })
  for (const hostKey of missed) waker.missed(hostKey, id)
}
