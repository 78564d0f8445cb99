import { setTimeout as sleep } from 'node:timers/promises'
import { openConnection } from './closed-loop.ts'
import type { CommitWatch } from './commit-watch.ts'
import type { SignedSend } from './signed-send.ts'

/** Between two messages, so that nothing of the last one is still going on. */
const GAP_MS = 25

/** One message at a time: milliseconds from the request's start to the commit that `watch` sees at the recipient's host. */
export async function idleTimes(
  origin: string,
  requests: readonly SignedSend[],
  watch: CommitWatch,
): Promise<number[]> {
  const connection = await openConnection(origin)
  const times: number[] = []
  try {
    for (const { messageId, bytes } of requests) {
      await sleep(GAP_MS)
      const startedAt = performance.now()
      const answer = connection.call(bytes)
      times.push(watch.until(messageId) - startedAt)
      const { status, body } = await answer
      if (status !== 200) throw new Error(`${origin} answered ${status}: ${body.toString()}`)
    }
    return times
  } finally {
    connection.close()
  }
}
