import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Clock ticks per second in /proc: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/**
 * User and system time of a process with all its threads, in seconds, as the kernel counts it. The same meter reads every
 * process of a benchmark, ours and the floor's, from outside.
 */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // The second field is the name in brackets, which may hold anything. User time is field 14, system time field 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** The time that `pids` spend together while `work` runs and until they have been quiet, in seconds. */
export async function cpuSecondsOf(pids: readonly number[], work: () => Promise<void>): Promise<number> {
  const before = total(pids)
  await work()
  return (await untilQuiet(pids)) - before
}

const LOOK_MS = 50
const QUIET_LOOKS = 8
const PATIENCE_MS = 60_000

/** Waits until the processes have used next to nothing (two ticks each) for 0.4 s, so that work behind the answers is counted too. */
async function untilQuiet(pids: readonly number[]): Promise<number> {
  const giveUpAt = performance.now() + PATIENCE_MS
  const seen = [total(pids)]
  for (;;) {
    await sleep(LOOK_MS)
    const now = total(pids)
    const back = seen.at(-QUIET_LOOKS)
    if (back !== undefined && now - back <= (2 * pids.length) / TICKS_PER_SECOND) return now
    if (performance.now() > giveUpAt) throw new Error('The servers did not come to rest')
    seen.push(now)
  }
}

function total(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0)
}
