import { closedLoop } from './closed-loop.ts'
import { cpuSecondsOf } from './cpu-meter.ts'
import { quantile, type Round } from './figures.ts'
import type { Profiler } from './profile/profiler.ts'

/** One of the two that a benchmark compares. */
export interface Contender {
  readonly name: 'floor' | 'ours'
  readonly origin: string
  /** The processes whose time counts. */
  readonly pids: readonly number[]
  /** Requests of their own for one round, ready to send: all signing happens here, before the clock runs. */
  prepare(count: number): Promise<readonly Buffer[]>
  /** How many messages lie at their recipients, read back the public way or from the database. */
  arrived(): Promise<number>
}

export interface Load {
  readonly connections: number
  readonly messages: number
  readonly warmUp: number
  readonly rounds: number
}

/**
 * Floor, ours, floor, ours, ...: what else the machine does then hits both. Each gets a warm-up first, for the compiler's
 * sake. After each round all its messages must have arrived, each once.
 */
export async function compare(
  floor: Contender,
  ours: Contender,
  load: Load,
  profiler: Profiler | null,
): Promise<{ floor: Round[]; ours: Round[] }> {
  const rounds = { floor: [] as Round[], ours: [] as Round[] }
  const pids = [...floor.pids, ...ours.pids]
  for (const contender of [floor, ours]) await run(contender, load, load.warmUp)
  await profiler?.start(pids)
  for (let round = 0; round < load.rounds; round++) {
    for (const contender of [floor, ours]) rounds[contender.name].push(await run(contender, load, load.messages))
  }
  await profiler?.stop(pids)
  return rounds
}

async function run(contender: Contender, load: Load, count: number): Promise<Round> {
  const { origin, pids } = contender
  const requests = await contender.prepare(count)
  const before = await contender.arrived()
  let seconds = 0
  let latenciesMs: readonly number[] = []
  let clientCpu = process.cpuUsage()
  const cpuSeconds = await cpuSecondsOf(pids, async () => {
    ;({ seconds, latenciesMs } = await closedLoop(origin, requests, load.connections))
    clientCpu = process.cpuUsage(clientCpu)
  })
  const arrived = (await contender.arrived()) - before
  if (arrived !== count) throw new Error(`${contender.name}: ${count} messages were accepted and ${arrived} arrived`)
  return {
    cpuSecondsPer1000: (cpuSeconds / count) * 1000,
    perSecond: count / seconds,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    clientCpuSecondsPer1000: (clientCpu.user + clientCpu.system) / 1e6 / (count / 1000),
  }
}
