import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { nodeTransport } from '@overpost/auth'
import { MessageBoxClient } from '@overpost/client'
import { expect } from 'chai'
import type { FlooderOptions, FlooderReport } from '../support/flooder.ts'
import { fromAddress } from '../support/from-address.ts'
import { atPace } from '../support/pace.ts'
import { bodiesIn, newPerson, type Person } from '../support/person.ts'
import { longScenario, size } from '../support/scenario.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

const box = 'inbox'
const perSender = 10
const calls = size(3_000, 6_000)
const rounds = size(2, 3)
const flooderProgram = fileURLToPath(new URL('../support/flooder.js', import.meta.url))

/** What all senders together got through, in which time, and how long each call took them. */
interface Measured {
  readonly tookMs: number
  readonly sent: readonly string[]
  readonly ms: readonly number[]
}

/** Hosts with the limits that they come with, behind a proxy that tells callers apart. */
describe('a noisy neighbour', function () {
  this.timeout(150_000)

  let network: TestNetwork
  const transport = nodeTransport({ connectionsPerOrigin: 64 })
  const senders = Array.from({ length: 5 }, newPerson)
  const bob = newPerson()
  let floods = 0
  before(async () => {
    const limited = { trustProxy: true, rates: {}, quotas: {} }
    network = await TestNetwork.start({ hosts: 3, configure: (config) => ({ ...config, ...limited }) })
    await network.authorize(bob, 'B')
  })
  after(async () => {
    transport.close()
    await network[Symbol.asyncDispose]()
  })

  /** What the others get through while `name` is flooded, and how the flooder fares. */
  async function underFlood(name: string, round: string): Promise<Measured & FlooderReport> {
    const isOver = new AbortController()
    const flooding = flood(name).finally(() => isOver.abort())
    const measured = await measure(round, isOver.signal)
    return { ...measured, ...(await flooding) }
  }

  async function measure(round: string, signal: AbortSignal): Promise<Measured> {
    const startedAt = performance.now()
    const sent: string[] = []
    const ms: number[] = []
    await Promise.all(
      senders.map(async (sender, index) => {
        const client = clientOf(sender, `203.0.113.${index + 1}`)
        await atPace(perSender, { signal }, async (count) => {
          const body = `${round} ${index} ${count}`
          const calledAt = performance.now()
          await client.send({ recipient: bob.key, box, body, messageId: body })
          ms.push(performance.now() - calledAt)
          sent.push(body)
        })
      }),
    )
    return { tookMs: performance.now() - startedAt, sent, ms }
  }

  function clientOf({ wallet }: Person, address: string): MessageBoxClient {
    const { url, identityKey } = network.host('A')
    return new MessageBoxClient({
      wallet,
      host: url,
      expectedHostKey: identityKey,
      transport: fromAddress(transport, address),
      verifier: network.verifier,
      timeoutMs: 10_000,
    })
  }

  /** By somebody whom the host does not know yet. */
  async function flood(name: string): Promise<FlooderReport> {
    floods += 1
    const options: FlooderOptions = {
      host: network.host(name).url,
      privateKey: newPerson().privateKey,
      address: `198.51.100.${floods}`,
      recipient: bob.key,
      perSecond: 100 * perSender,
      calls,
    }
    const child = spawn(process.execPath, [flooderProgram, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [out] = await Promise.all([text(child.stdout), once(child, 'close')])
    return JSON.parse(out) as FlooderReport
  }

  longScenario(
    40,
    'one sender floods 100 times over: the others keep 90 % of their rate, and it gets 429',
    async (run) => {
      await measure('warm', AbortSignal.timeout(2_000))
      const quiet: Measured[] = []
      const flooded: (Measured & FlooderReport)[] = []
      for (let round = 0; round < rounds; round += 1) {
        // The same flood at a host that the others do not use: the cores are as busy, with it and with all else that runs here.
        quiet.push(await underFlood('C', `quiet ${round}`))
        flooded.push(await underFlood('A', `flooded ${round}`))
      }
      const [without, during] = [rateOf(quiet), rateOf(flooded)]
      run.tell(
        `others: ${without.toFixed(1)} a second without the flood, ${during.toFixed(1)} with it: ${((100 * during) / without).toFixed(0)} %`,
      )
      const p99 = (all: readonly Measured[]): string => percentile(all.flatMap(({ ms }) => ms))
      run.tell(`p99 of a call: ${p99(quiet)} ms without, ${p99(flooded)} ms with the flood`)
      for (const { answers, elapsedSeconds } of flooded) {
        run.tell(`the flooder was answered ${JSON.stringify(answers)} in ${elapsedSeconds.toFixed(1)} s`)
      }

      const bodies = [...quiet, ...flooded].flatMap(({ sent }) => sent)
      const read = await until('all of the others’ mail', async () => {
        const found = new Set(await bodiesIn(network.client(bob, 'B'), box))
        return bodies.every((body) => found.has(body)) && found
      })
      run.count({ messages: bodies.length, lost: bodies.filter((body) => !read.has(body)).length })
      expect(during / without, 'what the others keep of their rate').to.be.at.least(0.9)
      for (const { answers, elapsedSeconds } of flooded) {
        const asked = Object.values(answers).reduce((sum, count) => sum + count, 0)
        // What it comes with for one identity: 1,000 at once, and 100 a second.
        expect(answers['200'] ?? 0).to.be.at.most(1_000 + 100 * (elapsedSeconds + 1))
        expect((answers['200'] ?? 0) + (answers['429'] ?? 0)).to.equal(asked)
      }
      // A slow machine floods less than the limit now and then, and not in each round.
      expect(flooded.some(({ answers }) => (answers['429'] ?? 0) > 0)).to.equal(true)
    },
  )
})

/** Messages a second, over all rounds. */
function rateOf(rounds: readonly Measured[]): number {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  return (sum(rounds.map(({ sent }) => sent.length)) * 1000) / sum(rounds.map(({ tookMs }) => tookMs))
}

function percentile(ms: readonly number[]): string {
  const sorted = ms.toSorted((a, b) => a - b)
  return (sorted[Math.floor(sorted.length * 0.99)] ?? 0).toFixed(0)
}
