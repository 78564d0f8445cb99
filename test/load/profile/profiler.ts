import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { selfTimes, type CpuProfile, type FunctionTime } from './self-times.ts'

/** Starts and stops the CPU profilers of processes that were started with `env`, over the timed part of a benchmark. */
export class Profiler {
  readonly #dir: string

  constructor(dir: string) {
    this.#dir = dir
  }

  /** What a process, and all that it starts, needs in its environment. */
  get env(): Record<string, string> {
    const hook = new URL('./hook.js', import.meta.url).href
    return { NODE_OPTIONS: `--import ${hook}`, OVERPOST_PROFILE_DIR: this.#dir }
  }

  /** Starts those of `pids` that are not running, stops the others. */
  async toggle(pids: readonly number[]): Promise<void> {
    for (const pid of pids) process.kill(pid, 'SIGUSR2')
    await sleep(1500)
  }

  /** Milliseconds by function for one process, all its threads together, largest first. */
  top(pid: number): FunctionTime[] {
    const files = readdirSync(this.#dir).filter((name) => name.startsWith(`${pid}-`))
    return selfTimes(files.map((name) => JSON.parse(readFileSync(join(this.#dir, name), 'utf8')) as CpuProfile))
  }
}
