import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { nativeSignatureVerifier, nodeTransport, serviceFetch } from '@overpost/auth'
import { Resolver, type Clock } from '@overpost/core'
import { hostConfigSchema } from '@overpost/host'
import { createLookups } from '@overpost/host/lookups'
import type { BoxName, IdentityKey } from '@overpost/protocol'
import { figure, figureTable, median } from './figures.ts'

/** Issue 4: "verified cold route (one honest node, two tokens): at most 3 ms of CPU; cached: at most 50 us". */
const MOST_COLD_MS = 3
const MOST_CACHED_MS = 0.05
const ROUNDS = 3
const COLD_USERS = 300
const CACHED_LOOKS = 100_000
const box = 'inbox' as BoxName
const never = new AbortController().signal
const clock: Clock = { nowMs: () => Date.now(), until: () => Promise.resolve() }

/**
 * What a route costs a host: the question over HTTP, the answer's parsing, two proofs, two headers asked for, and eight keys and signatures.
 * The node and the headers service are another process. CPU is user and system time of this one. Exits 1 when a figure is missed.
 */
async function main(): Promise<number> {
  const users = COLD_USERS * (ROUNDS + 1)
  const program = fileURLToPath(new URL('./lookup-answers.js', import.meta.url))
  const node = spawn(process.execPath, [program, String(users)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface({ input: node.stdout }), 'line')) as [string]
  const { url, users: keys } = JSON.parse(line) as { url: string; users: IdentityKey[] }
  const services = serviceFetch(undefined)
  const transport = nodeTransport()
  try {
    const config = hostConfigSchema.parse({
      ...{ development: true, identityKey: '22'.repeat(32), chain: { headersUrl: url }, overlay: { urls: [url] } },
    })
    const verifier = nativeSignatureVerifier()
    const { directory } = createLookups(config, {
      ...{ verifier, clock, transport, fetch: services.fetch, events: { trackerFailed: () => undefined } },
      random: { fraction: () => Math.random(), hex: () => '' },
    })
    const ownKey = `02${'11'.repeat(32)}` as IdentityKey
    const resolver = new Resolver({ directory, verifier, clock, ownKey }, { ...config.routes, allowHttp: true })

    const coldMs: number[] = []
    for (let round = 0; round <= ROUNDS; round++) {
      const of = keys.slice(round * COLD_USERS, (round + 1) * COLD_USERS)
      const spentMs = await cpuMsOf(async () => {
        for (const user of of) {
          const found = await resolver.resolve(user, never)
          if (found.kind === 'failed' || found.routes.length !== 2)
            throw new Error(`not two routes: ${JSON.stringify(found)}`)
        }
      })
      // The first round warms up.
      if (round > 0) coldMs.push(spentMs / of.length)
    }
    const last = keys.slice(-COLD_USERS)
    const cachedMs: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const spentMs = await cpuMsOf(() => {
        for (let look = 0; look < CACHED_LOOKS; look++) {
          const routes = resolver.cached(last[look % last.length] as IdentityKey, box)
          if (routes?.length !== 2) throw new Error('not in the cache')
        }
      })
      cachedMs.push(spentMs / CACHED_LOOKS)
    }
    const figures = [
      figure('cold route, two tokens', 'CPU ms', MOST_COLD_MS, median(coldMs), { of: 'ours', most: MOST_COLD_MS }),
      figure('cached route', 'CPU ms', MOST_CACHED_MS, median(cachedMs), { of: 'ours', most: MOST_CACHED_MS }),
    ]
    process.stdout.write(`${figureTable(figures)}\n`)
    return figures.every(({ met }) => met) ? 0 : 1
  } finally {
    node.stdin.end()
    transport.close()
    services.close()
  }
}

async function cpuMsOf(work: () => Promise<void> | void): Promise<number> {
  const start = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1_000
}

process.exitCode = await main()
