import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { fillOutbox } from '../support/fill-outbox.ts'
import { metric } from '../support/host-metrics.ts'
import { bodiesIn, newPerson, type Person } from '../support/person.ts'
import { report } from '../support/report.ts'
import { size } from '../support/scenario.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

const box = 'inbox'
const count = size(20_000, 100_000)
const failedCalls = 'relay_outbox_attempts_total{outcome="failed"}'
const firstWithinMs = 2_000
const mostGrowthBytes = 150 * 1024 * 1024
const live = 50

describe(`a host with ${count} messages for another that was down for days`, function () {
  this.timeout(20 * 60_000)

  let network: TestNetwork
  const [alice, bob, carol] = [newPerson(), newPerson(), newPerson()]
  let restingBytes = 0

  before(async () => {
    network = await TestNetwork.start({ hosts: 3 })
    await network.authorize(alice, 'A')
    await network.authorize(bob, 'B')
    await network.authorize(carol, 'C')
    await send(bob, 'first')
    await until('the first at B', async () => (await bodiesIn(network.client(bob, 'B'), box)).length === 1)
    restingBytes = memoryOf('A')
    await network.kill('B')
    await network.stop('A')
    const file = join(network.host('A').dir, 'host.sqlite')
    await fillOutbox({ file, sender: alice.key, recipient: bob.key, box, host: network.host('B'), count })
  })
  after(() => network[Symbol.asyncDispose]())

  const send = (to: Person, body: string) => network.client(alice, 'A').send({ recipient: to.key, box, body })
  const memoryOf = (name: string): number => {
    const status = readFileSync(`/proc/${network.host(name).pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
  }

  it('keeps them on disk, probes the dead host by one call at a time, and serves everybody else', async () => {
    await network.restart('A')
    const { url } = network.host('A')
    await until('a failed call to B', async () => ((await metric(url, failedCalls)) ?? 0) > 0)
    const bodies = Array.from({ length: live }, (_, n) => `live ${n}`)
    const startedAt = performance.now()
    await Promise.all(bodies.map((body) => send(carol, body)))
    const there = await until('all at C', async () => {
      const found = await bodiesIn(network.client(carol, 'C'), box)
      return found.length >= live && found
    })
    const tookMs = performance.now() - startedAt
    expect(there).to.have.members(bodies)
    const failed = (await metric(url, failedCalls)) ?? 0
    expect(failed, 'calls to the dead host').to.be.at.most(8)
    const grownBytes = memoryOf('A') - restingBytes
    expect(grownBytes).to.be.at.most(mostGrowthBytes)
    report(
      `${live} live messages elsewhere in ${Math.round(tookMs)} ms; ${failed} calls to the dead host; ${mib(grownBytes)} MiB more`,
    )
  })

  it(`delivers the first within ${firstWithinMs} ms of its start after a kill -9`, async () => {
    await network.kill('A')
    await network.restart('B')
    const atB = network.client(bob, 'B')
    await bodiesIn(atB, box)
    const startedAt = performance.now()
    await network.restart('A')
    const readyMs = performance.now() - startedAt
    await until('one at B', async () => (await atB.list({ box, limit: 10 })).messages.length > 1)
    const firstMs = performance.now() - startedAt
    expect(firstMs - readyMs).to.be.at.most(firstWithinMs)
    report(`ready after ${Math.round(readyMs)} ms, the first delivered ${Math.round(firstMs - readyMs)} ms later`)
  })

  it('delivers all of them in order, while mail for others goes on', async () => {
    const startedAt = performance.now()
    const latencies: number[] = []
    const read: string[] = []
    const atB = network.client(bob, 'B')
    let mostBytes = 0
    let n = 0
    while (read.length < count + 1) {
      const sentAt = performance.now()
      const body = `while ${n++}`
      await send(carol, body)
      await until(`${body} at C`, async () => (await bodiesIn(network.client(carol, 'C'), box)).includes(body))
      latencies.push(performance.now() - sentAt)
      for (;;) {
        const { messages } = await atB.list({ box, limit: 1_000 })
        read.push(...messages.map((message) => message.body as string))
        if (messages.length > 0) await atB.acknowledge(messages)
        mostBytes = Math.max(mostBytes, memoryOf('A'))
        if (messages.length < 1_000) break
      }
    }
    expect(read).to.deep.equal(['first', ...Array.from({ length: count }, (_, index) => String(index))])
    const seconds = (performance.now() - startedAt) / 1000
    const slowest = Math.max(...latencies)
    expect(mostBytes - restingBytes).to.be.at.most(mostGrowthBytes)
    report(
      `${count} in ${seconds.toFixed(1)} s (${Math.round(count / seconds)}/s), in order; ${latencies.length} live messages elsewhere ` +
        `meanwhile, the slowest ${Math.round(slowest)} ms; at most ${mib(mostBytes - restingBytes)} MiB more memory`,
    )
  })
})

function mib(bytes: number): string {
  return (bytes / 1_048_576).toFixed(0)
}
