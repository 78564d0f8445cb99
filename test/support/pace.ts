import { setTimeout as sleep } from 'node:timers/promises'

/** Does `work` at a steady pace for some seconds, whether or not earlier work is done. Resolves when all of it is. */
export async function atPace(
  perSecond: number,
  seconds: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  const startedAt = performance.now()
  const total = Math.round(perSecond * seconds)
  const all: Promise<void>[] = []
  while (all.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) * perSecond) / 1000) + 1)
    while (all.length < due) all.push(work(all.length))
    await sleep(Math.max(1, 1000 / perSecond))
  }
  await Promise.all(all)
}
