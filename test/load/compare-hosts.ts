import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { CommitWatch } from './commit-watch.ts'
import { compare, type Load } from './contender.ts'
import { cpuFigure, figure, quantile, roundTable, type Figure } from './figures.ts'
import { lastMessageQuery } from './floor/database.ts'
import { startFloorCrossHost, startFloorSend, type FloorContender } from './floor/floor-contender.ts'
import { idleTimes } from './idle.ts'
import { startNetwork, type NetworkHost, type NetworkProcess } from './network-process.ts'
import { printTop } from './profile/print-top.ts'
import { Profiler } from './profile/profiler.ts'
import { messageQuery, storeFile } from './relay/host-database.ts'
import { RelayContender } from './relay/relay-contender.ts'

export type BenchName = 'send' | 'cross-host' | 'idle'

export interface CompareOptions {
  readonly load: Load
  /** Messages of the idle benchmark, one at a time. */
  readonly idleMessages: number
  /** For all databases; the caller removes it. */
  readonly dir: string
  readonly profile: boolean
  readonly print: Print
}

type Print = (line: string) => void

/** Issue 3: "at most 2 times the floor's". */
const MOST_RATIO = 2
/** Issue 3: idle p50, from the request's start to B's commit. */
const MOST_IDLE_MS = 10
const RECIPIENTS = 8

interface Bench {
  readonly floor: FloorContender
  readonly ours: RelayContender
}

/** Runs the benchmarks that need hosts, on one network of two, each against the floor in the same minutes. */
export async function compareHosts(names: readonly BenchName[], options: CompareOptions): Promise<Figure[]> {
  const { dir, load, profile, print } = options
  if (names.length === 0) return []
  const profiler = profile ? new Profiler(join(dir, 'profiles')) : null
  if (profiler !== null) mkdirSync(join(dir, 'profiles'))
  const env = profiler?.env ?? {}
  const floorOptions = { dir, senders: load.connections, env }

  await using network = await startNetwork(join(dir, 'network'), env)
  const figures: Figure[] = []
  if (names.includes('send')) {
    await using floor = await startFloorSend(floorOptions)
    const ours = await start(network, load, 'local')
    figures.push(await compareCpu('send', { floor, ours }, options, profiler))
  }
  if (names.includes('cross-host') || names.includes('idle')) {
    await using floor = await startFloorCrossHost(floorOptions)
    const ours = await start(network, load, 'cross-host')
    const bench = { floor, ours }
    if (names.includes('cross-host')) figures.push(await compareCpu('cross-host', bench, options, profiler))
    if (names.includes('idle')) figures.push(await compareIdle(bench, hostsOf(network)[1], options))
  }
  print('')
  return figures
}

async function compareCpu(
  name: string,
  { floor, ours }: Bench,
  { load, print }: CompareOptions,
  profiler: Profiler | null,
): Promise<Figure> {
  const rounds = await compare(floor, ours, load, profiler)
  print(`\n${name}: ${load.messages} messages of 1 KiB over ${load.connections} connections, ${load.rounds} rounds`)
  print(roundTable(rounds))
  if (profiler !== null) {
    const messages = load.messages * load.rounds
    for (const { name: whose, pids } of [floor, ours]) {
      for (const pid of pids) printTop(`${name}, ${whose}`, pid, messages, profiler, print)
    }
  }
  return cpuFigure(name, rounds, MOST_RATIO)
}

async function compareIdle(
  { floor, ours }: Bench,
  home: NetworkHost,
  { idleMessages, print }: CompareOptions,
): Promise<Figure> {
  const times = async (contender: Bench['floor' | 'ours'], watch: CommitWatch) => {
    const before = await contender.arrived()
    const measured = await idleTimes(contender.origin, await contender.requests(idleMessages), watch)
    if ((await contender.arrived()) - before !== idleMessages) throw new Error('A message did not arrive once')
    return measured
  }
  using floorWatch = new CommitWatch(floor.home.databaseFile, lastMessageQuery)
  using homeWatch = new CommitWatch(storeFile(home.dir), messageQuery)
  const floorMs = await times(floor, floorWatch)
  const oursMs = await times(ours, homeWatch)
  const show = (values: number[]) => [0.5, 0.9, 0.99].map((part) => quantile(values, part).toFixed(2)).join(', ')
  print(`\nidle: ${idleMessages} messages one at a time, request to commit at the home, p50, p90, p99 in ms`)
  print(`floor  ${show(floorMs)}\nours   ${show(oursMs)}`)
  return figure('idle', 'ms, p50', quantile(floorMs, 0.5), quantile(oursMs, 0.5), { of: 'ours', most: MOST_IDLE_MS })
}

function start(network: NetworkProcess, load: Load, kind: 'local' | 'cross-host'): Promise<RelayContender> {
  const [a, b] = hostsOf(network)
  return RelayContender.start({
    origin: a,
    home: kind === 'local' ? a : b,
    overlayUrl: network.overlays[0]!.url,
    senders: load.connections,
    recipients: RECIPIENTS,
    envelopes: kind === 'cross-host',
  })
}

function hostsOf({ hosts }: NetworkProcess): [NetworkHost, NetworkHost] {
  return [hosts[0]!, hosts[1]!]
}
