import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { functionTimes, type CpuProfile, type FunctionTime } from './function-times.ts'

const SETTLE_MS = 1_000
const PATIENCE_MS = 30_000

/** Starts and stops the CPU profilers of processes that were started with `env`, over the timed part of a benchmark. */
export class Profiler {
  readonly #dir: string

  constructor(dir: string) {
    this.#dir = dir
  }

  /** What a process, and all that it starts, needs in its environment. */
  get env(): Record<string, string> {
    const hook = new URL('./hook.js', import.meta.url).href
    return { NODE_OPTIONS: `--import ${hook}`, BENCH_PROFILE_DIR: this.#dir }
  }

  async start(pids: readonly number[]): Promise<void> {
    for (const pid of pids) process.kill(pid, 'SIGUSR2')
    await sleep(SETTLE_MS)
  }

  /** Stops them and waits for their files. */
  async stop(pids: readonly number[]): Promise<void> {
    for (const pid of pids) rmSync(this.#file(pid), { force: true })
    for (const pid of pids) process.kill(pid, 'SIGUSR2')
    const giveUpAt = performance.now() + PATIENCE_MS
    while (!pids.every((pid) => existsSync(this.#file(pid)))) {
      if (performance.now() > giveUpAt) throw new Error('A process did not write its profile')
      await sleep(100)
    }
    // For the other threads of a process, which write files of their own.
    await sleep(SETTLE_MS)
  }

  /** Time by function for one process, all its threads together. */
  times(pid: number): FunctionTime[] {
    const files = readdirSync(this.#dir).filter((name) => name.startsWith(`${pid}-`) && name.endsWith('.cpuprofile'))
    return functionTimes(files.map((name) => JSON.parse(readFileSync(join(this.#dir, name), 'utf8')) as CpuProfile))
  }

  #file(pid: number): string {
    return join(this.#dir, `${pid}-0.cpuprofile`)
  }
}
