import { setTimeout as delay } from 'node:timers/promises'
import { StoryError } from './story.ts'

const everyMs = 50

/** Asks until the answer is not null. @throws {StoryError} after `withinMs`; the signal's reason when it aborts */
export async function eventually<T>(
  what: string,
  { withinMs = 20_000, signal }: { withinMs?: number; signal: AbortSignal },
  ask: () => Promise<T | null>,
): Promise<T> {
  const untilMs = performance.now() + withinMs
  for (;;) {
    signal.throwIfAborted()
    const answer = await ask()
    if (answer !== null) return answer
    if (performance.now() > untilMs) throw new StoryError(`waited ${withinMs / 1000} s in vain for: ${what}`)
    await delay(everyMs, undefined, { signal })
  }
}
