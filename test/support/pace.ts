import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Does `work` at a steady pace, whether or not earlier work is done, `most` times or until `signal` aborts. Resolves when all that
 * was begun is done.
 */
export async function atPace(
  perSecond: number,
  { most = Infinity, signal }: { readonly most?: number; readonly signal?: AbortSignal },
  work: (index: number) => Promise<void>,
): Promise<void> {
  const startedAt = performance.now()
  const all: Promise<void>[] = []
  while (all.length < most && signal?.aborted !== true) {
    const due = Math.min(most, Math.floor(((performance.now() - startedAt) * perSecond) / 1000) + 1)
    while (all.length < due) all.push(work(all.length))
    await sleep(Math.max(1, 1000 / perSecond))
  }
  await Promise.all(all)
}
