import type { Alarm, Clock, QueuedMessage, QueueStore } from '@overpost/core'
import { RelayError, type OperatorAnswer } from '@overpost/protocol'
import type { OperatorCalls } from './operator-door.ts'

export interface QueueCallsDeps {
  readonly queue: QueueStore
  readonly outboxAlarm: Pick<Alarm, 'ring'>
  readonly clock: Pick<Clock, 'nowMs'>
}

const minuteMs = 60_000
/** As `qshape` of Postfix has them: each twice the one before. */
const agesMs = [5, 10, 20, 40, 80, 160, 320, 640, 1280].map((minutes) => minutes * minuteMs)

/** What an operator sees of the queue, and does to it. */
export function queueCalls({
  queue,
  outboxAlarm,
  clock,
}: QueueCallsDeps): Pick<OperatorCalls, 'queue' | 'messages' | 'message' | 'change'> {
  return {
    async queue() {
      const queues = await queue.byDestination({ nowMs: clock.nowMs(), agesMs })
      return {
        agesMs,
        queues: queues.map(({ destination, state, byAge, ...sums }) => ({
          host: destination?.hostKey ?? null,
          origin: destination?.origin ?? null,
          ...sums,
          byAge: [...byAge],
          failures: state?.failures ?? 0,
          nextAttemptAtMs: state === null || state.failures === 0 ? null : state.nextAttemptAtMs,
          reason: state?.reason ?? null,
        })),
      }
    },
    async messages({ after, limit, host, sender }) {
      const found = await queue.list({ after, limit, hostKey: host ?? null, sender: sender ?? null })
      return { messages: found.map(toJson) }
    },
    async message({ id }) {
      const found = await queue.find(id)
      if (found === null) throw new RelayError('ERR_NOT_FOUND', 'Nothing of that id waits.')
      return { message: toJson(found) }
    },
    async change({ ids, change }) {
      const changed = await queue.change(ids, change, clock.nowMs())
      if (changed > 0) outboxAlarm.ring()
      return { changed }
    },
  }
}

function toJson({ id, bodyBytes, isHeld, record }: QueuedMessage): OperatorAnswer<'message'>['message'] {
  const { sender, recipient, box, messageId, acceptedAtMs, attempts, reason, nextAttemptAtMs, destinations } = record
  return {
    ...{ id, sender, recipient, messageBox: box, messageId, bytes: bodyBytes, acceptedAtMs, held: isHeld },
    ...{ attempts, reason, nextAttemptAtMs },
    destinations: destinations.map(({ destination, state, attempts: tried, reason: why }) => {
      return { hostKey: destination.hostKey, origin: destination.origin, state, attempts: tried, reason: why }
    }),
  }
}
