import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '@overpost/core'
import { expect } from 'chai'
import { Chaos } from '../support/chaos.ts'
import type { Fault, FaultPlan } from '../support/fault-proxy.ts'
import { longScenario, scenario, size } from '../support/scenario.ts'
import { drawsFor } from '../support/seed.ts'
import { TestNetwork, withShortPauses } from '../support/test-network.ts'

interface BadLink {
  readonly messages: number
  /** For how long the link is bad. The messages are sent in that time, a second apart. */
  readonly forMs: number
  /** What a connection then suffers. */
  readonly plan: (random: Random) => ReturnType<FaultPlan>
}

/** A batch of a hundred messages is more, a handshake less. */
const mostBytes = 12_000

/** The kinds of faults that `npm test` shows. */
const inShort = new Set([9, 12, 13])

/** Mail from A to three people at B, over a link that is bad in all the ways that links are. */
describe('two hosts with a bad link between them', function () {
  this.timeout(120_000)

  let network: TestNetwork

  before(async () => {
    network = await TestNetwork.start({ hosts: 2, proxied: ['B'], configure: withShortPauses })
  })
  after(() => network[Symbol.asyncDispose]())

  /** Runs one after the other, and lets the link heal after each. */
  function badLink(number: number, title: string, ...links: readonly BadLink[]): void {
    const register = inShort.has(number) ? scenario : longScenario
    register(number, title, async (run) => {
      const faults = drawsFor(`faults of scenario ${number}`)
      await using chaos = await Chaos.begin({ network, run, random: drawsFor(`scenario ${number}`) })
      const proxy = network.proxy('B')
      const strikesBefore = proxy.strikes
      try {
        for (const { messages, forMs, plan } of links) {
          proxy.inflict(() => plan(faults))
          const rounds = Math.max(1, Math.round(forMs / 1_000))
          await chaos.bursts(messages, rounds, () => sleep(forMs / rounds))
          // On a slow machine, or by the draw, nothing may have met its fault yet.
          while (proxy.strikes === strikesBefore) await chaos.bursts(20, 1, () => sleep(200))
          proxy.heal()
        }
      } finally {
        proxy.heal()
      }
      const strikes = proxy.strikes - strikesBefore
      const seconds = links.reduce((sum, { forMs }) => sum + forMs, 0) / 1000
      run.tell(`bad for ${seconds} s; connections ended, or chunks lost, held or delayed: ${strikes}`)
      expect(strikes, 'a link that was bad').to.be.greaterThan(0)
      await chaos.end()
    })
  }

  /** At some byte of what goes either way. */
  const atSomeByte =
    (kind: 'cut' | 'reset' | 'half-open') =>
    (random: Random): ReturnType<FaultPlan> => {
      const fault: Fault = { kind, afterBytes: Math.floor(random.fraction() ** 2 * mostBytes) }
      return random.fraction() < 0.5 ? { toHost: fault } : { toCaller: fault }
    }

  const messages = size(120, 3_000)
  badLink(9, 'each connection is cut after some bytes', {
    messages,
    forMs: size(2_000, 20_000),
    plan: atSomeByte('cut'),
  })
  badLink(10, 'what goes either way comes 1 to 3 s late', {
    messages: size(60, 1_500),
    forMs: size(3_000, 40_000),
    plan: () => ({
      toHost: { kind: 'delay', meanMs: 2_000, jitterMs: 1_000 },
      toCaller: { kind: 'delay', meanMs: 2_000, jitterMs: 1_000 },
    }),
  })
  badLink(11, 'connections go silent and are never closed', {
    messages,
    forMs: size(2_000, 20_000),
    plan: atSomeByte('half-open'),
  })
  badLink(12, 'connections are reset within a body', {
    messages,
    forMs: size(2_000, 20_000),
    plan: atSomeByte('reset'),
  })
  badLink(13, 'answers are lost: what was taken goes again', {
    messages,
    forMs: size(2_000, 20_000),
    plan: () => ({ toCaller: { kind: 'unheard', path: /propagate/, fraction: 0.7 } }),
  })
  badLink(
    14,
    'nothing goes one way, then the other way',
    { messages, forMs: size(2_000, 20_000), plan: () => ({ toCaller: { kind: 'held' } }) },
    { messages, forMs: size(2_000, 20_000), plan: () => ({ toHost: { kind: 'held' } }) },
  )
  scenario(15, 'the link is down every other 1.5 s', async (run) => {
    await using chaos = await Chaos.begin({ network, run, random: drawsFor('scenario 15') })
    const proxy = network.proxy('B')
    const strikesBefore = proxy.strikes
    const periods = size(1, 20)
    const flapping = proxy.flap(3_000, periods)
    await chaos.bursts(messages, periods * 3, () => sleep(1_000))
    await flapping
    run.tell(`down ${periods} times in ${periods * 3} s; connections ended: ${proxy.strikes - strikesBefore}`)
    await chaos.end()
  })
  badLink(16, 'a link of 64 kB/s on which a fifth of the chunks stall', {
    messages: size(120, 3_000),
    forMs: size(2_000, 40_000),
    plan: () => ({
      toHost: { kind: 'throttle', bytesPerSecond: 64_000, lossFraction: 0.2, stallMs: 200 },
      toCaller: { kind: 'throttle', bytesPerSecond: 64_000, lossFraction: 0.2, stallMs: 200 },
    }),
  })
})
