import { expect } from 'chai'
import { Chaos } from '../support/chaos.ts'
import { metric } from '../support/host-metrics.ts'
import { longScenario, scenario, size, type ScenarioRun } from '../support/scenario.ts'
import { drawsFor } from '../support/seed.ts'
import { TestNetwork, withShortPauses } from '../support/test-network.ts'
import { until } from '../support/until.ts'
import { fakeTimeLibrary, WrongClock } from '../support/wrong-clock.ts'

const twoHours = 2 * 60 * 60
const sixDays = 6 * 24 * 60 * 60
const refusals = 'relay_messages_received_total{outcome="refused"}'
const notices = 'relay_notices_total{kind="returned"}'
const failedCalls = 'relay_outbox_attempts_total{outcome="failed"}'

describe('hosts whose clocks are wrong', function () {
  this.timeout(120_000)

  const canFake = fakeTimeLibrary() !== null
  let network: TestNetwork

  before(async () => {
    if (!canFake) return
    network = await TestNetwork.start({ hosts: 2, proxied: ['B'], configure: withShortPauses })
  })
  after(async () => {
    if (canFake) await network[Symbol.asyncDispose]()
  })

  const begin = (run: ScenarioRun, number: number) => {
    if (!canFake) run.skip('libfaketime is not here (Debian: faketime). Nothing was shown of wrong clocks.')
    return Chaos.begin({ network, run, random: drawsFor(`scenario ${number}`) })
  }

  for (const [name, ahead] of [
    ['B', twoHours],
    ['B', -twoHours],
    ['A', -twoHours],
  ] as const) {
    const whose = name === 'A' ? 'the sender’s host' : 'the recipients’ host'
    const register = name === 'B' && ahead > 0 ? scenario : longScenario
    register(21, `the clock of ${whose} is 2 hours ${ahead > 0 ? 'ahead' : 'behind'}, then right`, async (run) => {
      await using chaos = await begin(run, 21)
      await using clock = await WrongClock.start(network, name, ahead)
      const sending = chaos.checker.send(size(40, 1_000))
      // A host that is behind takes no envelope from its future: our clients try again until its clock is right.
      if (name === 'A') await until('a repeat', () => chaos.checker.repeats > 0)
      else await sending
      await clock[Symbol.asyncDispose]()
      await sending
      await chaos.end()
    })
  }
  scenario(
    21,
    'the clock of the sender’s host is 2 hours ahead: its mail waits until it is that time elsewhere',
    async (run) => {
      await using chaos = await begin(run, 21)
      await using ahead = await WrongClock.start(network, 'A', twoHours)
      await chaos.checker.send(size(40, 1_000))
      await until('refusals', async () => ((await metric(network.host('B').url, refusals)) ?? 0) > 0)
      await using later = await WrongClock.start(network, 'B', twoHours)
      await chaos.checker.untilRead(60_000)
      await later[Symbol.asyncDispose]()
      await ahead[Symbol.asyncDispose]()
      await chaos.end()
    },
  )

  const threeHoursAgo = async <T>(work: () => Promise<T>): Promise<T> => {
    const now = Date.now
    Date.now = () => now() - 3 * 60 * 60 * 1000
    try {
      return await work()
    } finally {
      Date.now = now
    }
  }

  for (const [way, to] of [
    ['jumps two hours ahead', twoHours],
    ['is set back two hours', -twoHours],
  ] as const) {
    scenario(22, `the clock of the sender’s host ${way} while it waits to try again`, async (run) => {
      // Adverts that are younger than what a clock is set back are from the future, and not believed until it is right again.
      await using chaos = await threeHoursAgo(() => begin(run, 22))
      await using clock = await WrongClock.start(network, 'A', 0)
      await network.kill('B')
      run.count({ kills: 1 })
      const { url } = network.host('A')
      await chaos.checker.send(size(20, 1_000), 'until heard')
      await until('a failed call to B', async () => ((await metric(url, failedCalls)) ?? 0) > 0)
      clock.jumpTo(to)
      await network.restart('B')
      const startedAt = performance.now()
      await chaos.checker.untilRead(60_000)
      run.tell(`all there ${((performance.now() - startedAt) / 1000).toFixed(1)} s after B was back`)
      await clock[Symbol.asyncDispose]()
      await chaos.end()
    })
  }

  scenario(
    27,
    'the age limit passes while the recipients’ host is down: each message comes back once, and none is delivered too',
    async (run) => {
      await using chaos = await begin(run, 27)
      const sentBefore = chaos.checker.attempted
      await network.kill('B')
      run.count({ kills: 1 })
      await chaos.checker.send(size(30, 1_000), 'until heard')
      const sent = chaos.checker.attempted - sentBefore
      await until('a failed call to B', async () => ((await metric(network.host('A').url, failedCalls)) ?? 0) > 0)
      await using later = await WrongClock.start(network, 'A', sixDays)
      await until('all notices', async () => (await metric(network.host('A').url, notices)) === sent, 60_000)
      await later[Symbol.asyncDispose]()
      await network.restart('B')
      const { returned } = await chaos.end()
      expect(returned).to.equal(sent)
    },
  )
})
