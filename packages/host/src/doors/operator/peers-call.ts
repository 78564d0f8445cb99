import type { Clock, Destination, QueueStore } from '@overpost/core'
import type { PeerMeter } from '../../peer-meter.ts'
import type { OperatorCalls } from './operator-door.ts'

export interface PeersCallDeps {
  readonly queue: Pick<QueueStore, 'byDestination'>
  readonly peers: Pick<PeerMeter, 'figures' | 'destinations'>
  readonly clock: Pick<Clock, 'nowMs'>
}

/** How it stands with the hosts for which something waits, and with those that were called lately. */
export function peersCall({ queue, peers, clock }: PeersCallDeps): Pick<OperatorCalls, 'peers'> {
  return {
    async peers() {
      const nowMs = clock.nowMs()
      const queues = new Map(
        (await queue.byDestination({ nowMs, agesMs: [] })).flatMap((found) =>
          found.destination === null ? [] : [[keyOf(found.destination), { ...found, destination: found.destination }]],
        ),
      )
      const quiet = peers.destinations().filter((destination) => !queues.has(keyOf(destination)))
      const all = [...[...queues.values()].map(({ destination }) => destination), ...quiet]
      return {
        peers: all.map((destination) => {
          const waiting = queues.get(keyOf(destination))
          const state = waiting?.state ?? null
          const failures = state?.failures ?? 0
          const { lastError, ...figures } = peers.figures(destination)
          const breaker = failures === 0 ? 'closed' : (state?.nextAttemptAtMs ?? 0) > nowMs ? 'open' : 'probing'
          return {
            ...{ host: destination.hostKey, origin: destination.origin, breaker, failures },
            nextAttemptAtMs: failures === 0 ? null : (state?.nextAttemptAtMs ?? null),
            lastError: state?.reason ?? lastError,
            ...{ waiting: waiting?.messages ?? 0, held: waiting?.held ?? 0 },
            ...figures,
          } as const
        }),
      }
    },
  }
}

function keyOf({ hostKey, origin }: Destination): string {
  return `${hostKey} ${origin}`
}
