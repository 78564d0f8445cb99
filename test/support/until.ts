import { setTimeout as sleep } from 'node:timers/promises'

const everyMs = 20

/** Looks until `look` finds something (not null, undefined or false), and gives that. @throws {Error} after `withinMs` in vain */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  withinMs = 20_000,
): Promise<T> {
  const giveUpAt = performance.now() + withinMs
  for (;;) {
    const found = await look()
    if (found !== null && found !== undefined && found !== false) return found
    if (performance.now() > giveUpAt) throw new Error(`waited ${withinMs / 1000} s in vain for ${what}`)
    await sleep(everyMs)
  }
}
