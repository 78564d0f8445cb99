import { randomBytes } from 'node:crypto'
import { seededRandom } from '@overpost/core/testing'
import { Chaos } from '../support/chaos.ts'
import { metric } from '../support/host-metrics.ts'
import { report } from '../support/report.ts'
import { scenario, size, type ScenarioRun } from '../support/scenario.ts'
import { TestNetwork, withShortPauses } from '../support/test-network.ts'
import { until } from '../support/until.ts'
import { fakeTimeLibrary, WrongClock } from '../support/wrong-clock.ts'

const twoHours = 2 * 60 * 60
const failedCalls = 'relay_outbox_attempts_total{outcome="failed"}'

describe('hosts whose clocks are wrong', function () {
  this.timeout(120_000)

  const seed = Number(process.env['SEED'] ?? randomBytes(4).readUInt32BE())
  const canFake = fakeTimeLibrary() !== null
  let network: TestNetwork

  before(async () => {
    if (!canFake) return
    network = await TestNetwork.start({ hosts: 2, proxied: ['B'], configure: withShortPauses })
    report(`seed ${seed} (set SEED to draw the same again)`)
  })
  after(async () => {
    if (canFake) await network[Symbol.asyncDispose]()
  })

  const begin = (run: ScenarioRun, number: number) => {
    if (!canFake) run.skip('libfaketime is not here (Debian: faketime). Nothing was shown of wrong clocks.')
    return Chaos.begin({ network, run, random: seededRandom(seed + number) })
  }

  for (const [name, ahead] of [
    ['B', twoHours],
    ['B', -twoHours],
    ['A', twoHours],
    ['A', -twoHours],
  ] as const) {
    const hours = `${Math.abs(ahead) / 3600} hours ${ahead > 0 ? 'ahead' : 'behind'}`
    scenario(21, `the clock of the ${name === 'A' ? 'sender' : 'recipient'}’s host is ${hours}`, async (run) => {
      await using chaos = await begin(run, 21)
      await using clock = await WrongClock.start(network, name, ahead)
      await chaos.checker.send(size(40, 1_000))
      await clock[Symbol.asyncDispose]()
      await chaos.end()
    })
  }
  scenario(22, 'the clock of the sender’s host jumps while it waits to try again', async (run) => {
    await using chaos = await begin(run, 22)
    for (const jump of [twoHours, -twoHours]) {
      await using clock = await WrongClock.start(network, 'A', 0)
      await network.kill('B')
      const { url } = network.host('A')
      await chaos.checker.send(size(20, 500), 'until heard')
      await until('a failed call to B', async () => ((await metric(url, failedCalls)) ?? 0) > 0)
      clock.jumpTo(jump)
      await network.restart('B')
      const startedAt = performance.now()
      await chaos.checker.untilRead(20_000)
      run.tell(`${jump} s: all there ${((performance.now() - startedAt) / 1000).toFixed(1)} s after B was back`)
    }
    await chaos.end()
  })
})
