import { join } from 'node:path'
import { deliveryFailuresBox } from '@overpost/protocol'
import { expect } from 'chai'
import { fillOutbox } from '../support/fill-outbox.ts'
import { probeHealth } from '../support/health-probe.ts'
import { metric } from '../support/host-metrics.ts'
import { newPerson } from '../support/person.ts'
import { forgetPeak, residentBytes } from '../support/process-memory.ts'
import { report } from '../support/report.ts'
import { size } from '../support/scenario.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

const box = 'inbox'
const count = size(2_000, 100_000)
const sixDaysMs = 6 * 24 * 60 * 60 * 1000
const notices = 'relay_notices_total{kind="returned"}'
/** Of the whole process: what V8 takes before it collects is most of it, however many messages there are. */
const mostGrowthBytes = 200 * 1024 * 1024
const mib = (bytes: number): string => (bytes / 1_048_576).toFixed(0)

describe(`a host with ${count} messages that are too old, for another that is gone`, function () {
  this.timeout(20 * 60_000)

  let network: TestNetwork
  const [alice, bob] = [newPerson(), newPerson()]

  before(async () => {
    network = await TestNetwork.start({ hosts: 2 })
    await network.authorize(alice, 'A')
    await network.authorize(bob, 'B')
    await network.kill('B')
    await network.stop('A')
    const file = join(network.host('A').dir, 'host.sqlite')
    const host = network.host('B')
    await fillOutbox({ file, sender: alice.key, recipient: bob.key, box, host, count, agoMs: sixDaysMs })
  })
  after(() => network[Symbol.asyncDispose]())

  it('returns each of them once, answers meanwhile, and keeps its memory', async () => {
    await network.restart('A')
    const { url, pid } = network.host('A')
    const atA = network.client(alice, 'A')
    const restingBytes = residentBytes(pid).now
    forgetPeak(pid)
    const startedAt = performance.now()
    const probe = await probeHealth(url)
    const sends: number[] = []
    await until(
      'all notices',
      async () => {
        const sentAt = performance.now()
        await atA.send({ recipient: alice.key, box: 'meanwhile', body: `${sends.length}` })
        sends.push(performance.now() - sentAt)
        return ((await metric(url, notices)) ?? 0) >= count
      },
      15 * 60_000,
    )
    const seconds = (performance.now() - startedAt) / 1000
    const healthMs = (await probe.stop()).toSorted((a, b) => a - b)
    const grownBytes = residentBytes(pid).peak - restingBytes
    const of: string[] = []
    for await (const { body } of atA.listAll({ box: deliveryFailuresBox, limit: 1_000 })) {
      of.push((JSON.parse(body as string) as { messageId: string }).messageId)
    }
    report(
      `${count} returned in ${seconds.toFixed(1)} s (${Math.round(count / seconds)}/s), at most ${mib(grownBytes)} MiB more; ` +
        `health p50 ${at(healthMs, 0.5)} ms, p99 ${at(healthMs, 0.99)} ms, most ${at(healthMs, 1)} ms; ` +
        `${sends.length} sends meanwhile, the slowest ${Math.round(Math.max(...sends))} ms`,
    )
    expect([of.length, new Set(of).size]).to.deep.equal([count, count])
    expect(grownBytes).to.be.at.most(mostGrowthBytes)
  })
})

function at(sorted: readonly number[], part: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN)
}
