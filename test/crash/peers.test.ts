import { expect } from 'chai'
import { Checker } from '../support/checker.ts'
import { metric } from '../support/host-metrics.ts'
import { newPerson } from '../support/person.ts'
import { longScenario, size } from '../support/scenario.ts'
import { drawsFor } from '../support/seed.ts'
import { TestNetwork, withShortPauses } from '../support/test-network.ts'
import { until } from '../support/until.ts'
import { countsOf, expectClean } from '../support/verdict.ts'

const keptFraction = 0.95
/** What else runs on the machine slows a round now and then: the best of so many counts, of each kind. */
const mostRounds = 6
const slow = { kind: 'delay', meanMs: 2_000, jitterMs: 1_000 } as const

describe('a host with many peers', function () {
  this.timeout(240_000)

  const peers = size(5, 20)

  longScenario(
    17,
    `one dead and one slow among ${peers} peers cost the others no more than a twentieth of their rate`,
    async (run) => {
      await using network = await TestNetwork.start({ hosts: peers + 1, proxied: ['C'] })
      await network.reconfigure('A', withShortPauses)
      const readers = network.hostNames.filter((name) => name !== 'A').map((home) => ({ person: newPerson(), home }))
      for (const { person, home } of readers) await network.authorize(person, home)
      const healthy = readers.filter(({ home }) => home !== 'B' && home !== 'C')
      const checker = new Checker({ network, from: 'A', readers, box: 'inbox', random: drawsFor('scenario 17') })
      await checker.sendAndRead(readers.length * 8) // A knows the ways, and has spoken with all

      const storedAtHealthy = async (): Promise<number> => {
        const counts = healthy.map(({ home }) =>
          metric(network.host(home).url, 'relay_messages_received_total{outcome="stored"}'),
        )
        return (await Promise.all(counts)).reduce<number>((sum, count) => sum + (count ?? 0), 0)
      }
      /** Messages a second that the healthy peers took, while mail went to all. */
      const round = async (): Promise<number> => {
        const before = checker.acceptedFor(healthy)
        const startedAt = performance.now()
        await checker.send(size(40, 60) * peers, 'until heard')
        await until(
          'the mail of the healthy peers',
          async () => (await storedAtHealthy()) >= checker.acceptedFor(healthy),
          60_000,
        )
        return ((checker.acceptedFor(healthy) - before) * 1000) / (performance.now() - startedAt)
      }

      let [all, sick] = [0, 0]
      for (let rounds = 0; rounds < mostRounds && (rounds === 0 || sick < keptFraction * all); rounds += 1) {
        all = Math.max(all, await round())
        await network.kill('B')
        run.count({ kills: 1 })
        network.proxy('C').inflict(() => ({ toHost: slow, toCaller: slow }))
        sick = Math.max(sick, await round())
        network.proxy('C').heal()
        await network.restart('B')
      }
      run.tell(
        `${all.toFixed(0)} messages a second to ${healthy.length} healthy peers, ${sick.toFixed(0)} with one dead and one slow`,
      )
      const verdict = await checker.settle()
      run.count(countsOf(verdict))
      expectClean(verdict)
      expect(sick / all, 'what the healthy peers keep of their rate').to.be.at.least(keptFraction)
    },
  )
})
