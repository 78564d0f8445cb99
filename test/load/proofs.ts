import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compare, type Contender } from './contender.ts'
import { cpuFigure, figureTable, roundTable } from './figures.ts'
import { startNetwork } from './network-process.ts'
import { RelayContender } from './relay/relay-contender.ts'

/** Issue 4: "at most 1.5 times an envelope message once the linkage is known", both hosts together. */
const MOST_RATIO = 1.5
const RECIPIENTS = 8
const USAGE = 'usage: node test/dist/load/proofs.js [--quick]'

/** A message with its sender's request (`brc94`) against one with an envelope, from host to host. Exits 1 when the figure is missed. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  })
  if (values.help) {
    print(USAGE)
    return 0
  }
  const messages = values.quick ? 1_000 : 5_000
  const load = { connections: 32, messages, warmUp: 2 * messages, rounds: 3 }
  const dir = mkdtempSync(join(tmpdir(), 'overpost-proofs-'))
  try {
    await using network = await startNetwork(join(dir, 'network'), {})
    const [origin, home] = network.hosts
    const [overlay] = network.overlays
    if (origin === undefined || home === undefined || overlay === undefined) throw new Error('the network is too small')
    const contender = (envelopes: boolean) =>
      RelayContender.start({
        ...{ origin, home, overlayUrl: overlay.url, envelopes },
        ...{ senders: load.connections, recipients: RECIPIENTS },
      })
    const rounds = await compare(asFloor(await contender(true)), await contender(false), load, null)
    print(`${messages} messages of 1 KiB over ${load.connections} connections; floor: with an envelope, ours: without`)
    print(roundTable(rounds))
    const figure = cpuFigure('brc94 over envelope', rounds, MOST_RATIO)
    print(`\n${figureTable([figure])}`)
    return figure.met ? 0 : 1
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function asFloor(contender: RelayContender): Contender {
  const { origin, pids } = contender
  return {
    ...{ name: 'floor', origin, pids },
    prepare: (count) => contender.prepare(count),
    arrived: () => contender.arrived(),
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

process.exitCode = await main()
