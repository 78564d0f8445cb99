import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compareHosts, type BenchName } from './compare-hosts.ts'
import { figureTable, type Figure } from './figures.ts'
import { machine } from './machine.ts'

const HOST_BENCHES = ['send', 'cross-host', 'idle'] as const
/** Programs of their own, which print their figures and fail when one is missed. */
const OTHER_BENCHES = ['identity-wallet', 'store', 'lookups', 'proofs', 'receipts', 'live', 'mailbox']

const USAGE = `usage: node test/dist/load/bench.js [--quick] [--only NAME,...] [--profile] [--connections N] [--messages N] [--out FILE]
  --only         some of: ${[...HOST_BENCHES, ...OTHER_BENCHES].join(', ')}
  --quick        fewer messages: for a look, not for the record
  --profile      print the functions that take the time, ours and the floor's; figures are then not for the record
  --connections  of the load, 32 when left out
  --messages     of one round, 10,000 when left out
  --out          where the JSON goes; a full run without it writes docs/performance.json`

/** Exits 1 when a figure is missed, 2 when the command line is wrong. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      only: { type: 'string' },
      connections: { type: 'string', default: '32' },
      messages: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const wanted = values.only?.split(',') ?? [...HOST_BENCHES, ...OTHER_BENCHES]
  const unknown = wanted.filter((name) => !isHostBench(name) && !OTHER_BENCHES.includes(name))
  if (values.help || unknown.length > 0) {
    print(USAGE)
    return values.help ? 0 : 2
  }
  const messages = Number(values.messages ?? (values.quick ? 2_000 : 10_000))
  const load = { connections: Number(values.connections), messages, warmUp: 2 * messages, rounds: 3 }
  const isForTheRecord = !values.quick && !values.profile && values.only === undefined

  const dir = mkdtempSync(join(tmpdir(), 'overpost-bench-'))
  let figures: Figure[]
  try {
    const benches = wanted.filter(isHostBench)
    const idleMessages = values.quick ? 50 : 200
    figures = await compareHosts(benches, { load, idleMessages, dir, profile: values.profile, print })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
  const others = await runOthers(wanted)
  if (figures.length > 0) print(`\n${figureTable(figures)}`)
  for (const { name, met } of others) print(`${name}: ${met ? 'met' : 'MISSED'}`)
  const out = values.out ?? (isForTheRecord ? repositoryFile('docs/performance.json') : null)
  if (out !== null) {
    const report = { takenAt: new Date().toISOString(), machine: machine(), load, figures, others }
    writeFileSync(out, `${JSON.stringify(report, null, 2)}\n`)
  }
  return [...figures, ...others].every(({ met }) => met) ? 0 : 1
}

async function runOthers(wanted: readonly string[]): Promise<{ name: string; met: boolean }[]> {
  const results: { name: string; met: boolean }[] = []
  for (const name of OTHER_BENCHES.filter((each) => wanted.includes(each))) {
    const file = fileURLToPath(new URL(`./${name}.js`, import.meta.url))
    if (!existsSync(file)) continue
    print(`\n${name}`)
    const [code] = (await once(spawn(process.execPath, [file], { stdio: 'inherit' }), 'exit')) as [number | null]
    results.push({ name, met: code === 0 })
  }
  return results
}

function isHostBench(name: string): name is BenchName {
  return HOST_BENCHES.some((each) => each === name)
}

function repositoryFile(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url))
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

process.exitCode = await main()
