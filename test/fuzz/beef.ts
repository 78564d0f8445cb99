import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { seededRandom } from '@overpost/core/testing'
import { mutate } from './beef-mutations.ts'
import { check, cpuLimitMs } from './beef-targets.ts'
import { createBeefWorld } from './beef-world.ts'

const usage = `usage: npm run fuzz -- [--minutes N] [--seed N] [--count N]
  --minutes  how long it runs, 1 when left out
  --seed     where it begins: each input has the seed after the last one's; random when left out
  --count    how many inputs, in place of minutes; 1 with the seed of a finding shows it again
Exit code 1 when there was a finding. Each finding prints its seed, and is written to fuzz-finding-<seed>.beef.`

/** Mutates valid BEEFs, and gives them to every parser that reads BEEFs of strangers. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '1' },
      seed: { type: 'string' },
      count: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const [minutes, count] = [Number(values.minutes), Number(values.count ?? Infinity)]
  const firstSeed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
  if (values.help || !(minutes > 0) || !(count > 0) || !Number.isSafeInteger(firstSeed)) {
    print(usage)
    return values.help ? 0 : 2
  }
  const world = await createBeefWorld()
  const seeds = [...world.seeds.values()]
  const kinds = new Map<string, number>()
  const limitMs = cpuLimitMs()
  const endsAtMs = performance.now() + minutes * 60_000
  let [inputs, findings, slowest] = [0, 0, { cpuMs: 0, seed: firstSeed }]
  print(`fuzz: from seed ${firstSeed}, at most ${limitMs.toFixed(0)} ms of CPU each`)
  for (let seed = firstSeed; inputs < count && (values.count !== undefined || performance.now() < endsAtMs); seed++) {
    const mutated = mutate(seeds, seededRandom(seed))
    for (const kind of mutated.kinds) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    const { findings: found, cpuMs } = await check(mutated.bytes, world, limitMs)
    for (const { target, fault } of found) print(`fuzz: seed ${seed}, ${target}: ${fault}`)
    if (found.length > 0) writeFileSync(`fuzz-finding-${seed}.beef`, mutated.bytes)
    findings += found.length
    if (cpuMs > slowest.cpuMs) slowest = { cpuMs, seed }
    inputs += 1
  }
  print(`fuzz: ${inputs} inputs, seeds ${firstSeed} to ${firstSeed + inputs - 1}, ${findings} findings`)
  print(`fuzz: the slowest took ${slowest.cpuMs.toFixed(1)} ms of CPU (seed ${slowest.seed})`)
  print(`fuzz: ${[...kinds].map(([kind, times]) => `${kind} ${times}`).join(', ')}`)
  return findings === 0 ? 0 : 1
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

process.exitCode = await main()
