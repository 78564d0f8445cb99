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
import { scenario, size } from '../support/scenario.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

const box = 'inbox'
const perSender = 10
const seconds = size(8, 20)
const flooderProgram = fileURLToPath(new URL('../support/flooder.js', import.meta.url))

/** Hosts with the limits that they come with, behind a proxy that tells callers apart. */
describe('a noisy neighbour', function () {
  this.timeout(150_000)

  let network: TestNetwork
  const transport = nodeTransport({ connectionsPerOrigin: 64 })
  const senders = Array.from({ length: 5 }, newPerson)
  const [bob, flooder] = [newPerson(), newPerson()]
  before(async () => {
    const limited = { trustProxy: true, rates: {}, quotas: {} }
    network = await TestNetwork.start({ hosts: 2, configure: (config) => ({ ...config, ...limited }) })
    await network.authorize(bob, 'B')
  })
  after(async () => {
    transport.close()
    await network[Symbol.asyncDispose]()
  })

  /** What all senders together get through in a second, and how long each call takes them. */
  async function measure(round: string): Promise<{ perSecond: number; sent: string[]; ms: number[] }> {
    const startedAt = performance.now()
    const sent: string[] = []
    const ms: number[] = []
    await Promise.all(
      senders.map(async (sender, index) => {
        const client = clientOf(sender, `203.0.113.${index + 1}`)
        await atPace(perSender, seconds, async (count) => {
          const body = `${round} ${index} ${count}`
          const calledAt = performance.now()
          await client.send({ recipient: bob.key, box, body, messageId: body })
          ms.push(performance.now() - calledAt)
          sent.push(body)
        })
      }),
    )
    return { perSecond: (sent.length * 1000) / (performance.now() - startedAt), sent, ms }
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

  async function flood(): Promise<FlooderReport> {
    const options: FlooderOptions = {
      host: network.host('A').url,
      privateKey: flooder.privateKey,
      address: '198.51.100.66',
      recipient: bob.key,
      perSecond: 100 * perSender,
      seconds,
    }
    const child = spawn(process.execPath, [flooderProgram, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [out] = await Promise.all([text(child.stdout), once(child, 'close')])
    return JSON.parse(out) as FlooderReport
  }

  scenario(40, 'one sender floods 100 times over: the others keep 90 % of their rate, and it gets 429', async (run) => {
    await measure('warm')
    const quiet = await measure('quiet')
    const [flooded, { answers, elapsedSeconds }] = await Promise.all([measure('flooded'), flood()])
    const kept = flooded.perSecond / quiet.perSecond
    run.tell(
      `others: ${quiet.perSecond.toFixed(1)} a second without the flood, ${flooded.perSecond.toFixed(1)} with it: ${(100 * kept).toFixed(0)} %`,
    )
    run.tell(`p99 of a call: ${percentile(quiet.ms)} ms without, ${percentile(flooded.ms)} ms with the flood`)
    run.tell(`the flooder was answered ${JSON.stringify(answers)} in ${elapsedSeconds.toFixed(1)} s`)

    const bodies = [...quiet.sent, ...flooded.sent]
    const read = await until('all of the others’ mail', async () => {
      const found = new Set(await bodiesIn(network.client(bob, 'B'), box))
      return bodies.every((body) => found.has(body)) && found
    })
    run.count({ messages: bodies.length, lost: bodies.filter((body) => !read.has(body)).length })
    expect(kept).to.be.at.least(0.9)
    const asked = Object.values(answers).reduce((sum, count) => sum + count, 0)
    // What it comes with for one identity: 1,000 at once, and 100 a second.
    expect(answers['200'] ?? 0).to.be.at.most(1_000 + 100 * (elapsedSeconds + 1))
    expect(answers['429'] ?? 0).to.be.greaterThan(asked / 10)
    expect((answers['200'] ?? 0) + (answers['429'] ?? 0)).to.equal(asked)
  })
})

function percentile(ms: readonly number[]): string {
  const sorted = ms.toSorted((a, b) => a - b)
  return (sorted[Math.floor(sorted.length * 0.99)] ?? 0).toFixed(0)
}
