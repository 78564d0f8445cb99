import { expect } from 'chai'
import { expectDrained } from '../support/drained.ts'
import { metric } from '../support/host-metrics.ts'
import { bodiesIn, newPerson, type Person } from '../support/person.ts'
import { report } from '../support/report.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

const box = 'inbox'
const many = 50
const failedCalls = 'relay_outbox_attempts_total{outcome="failed"}'

describe('a host that is down', function () {
  this.timeout(120_000)

  let network: TestNetwork
  const [alice, bob, carol, dave] = [newPerson(), newPerson(), newPerson(), newPerson()]

  before(async () => {
    network = await TestNetwork.start({ hosts: 3 })
    await network.authorize(alice, 'A')
    await network.authorize(bob, 'B')
    await network.authorize(dave, 'B')
    await network.authorize(carol, 'C')
    // A knows the ways, and has spoken with both.
    for (const [person, name] of [
      [bob, 'B'],
      [carol, 'C'],
    ] as const) {
      await send(person, 'first')
      await arrived(person, name, ['first'])
    }
  })
  after(() => network[Symbol.asyncDispose]())

  const send = (to: Person, body: string) =>
    network.client(alice, 'A').send({ recipient: to.key, box, body, messageId: body })

  /** Waits until a person's box holds these, in any order, and nothing else. */
  async function arrived(person: Person, name: string, bodies: readonly string[], withinMs?: number): Promise<void> {
    const client = network.client(person, name)
    const listed = await until(
      `${bodies.length} messages at ${name}`,
      async () => {
        const found = await bodiesIn(client, box)
        return found.length >= bodies.length && found
      },
      withinMs,
    )
    expect(listed).to.have.members([...bodies])
  }

  it('costs mail for another host nothing: all of it arrives while the host is still down', async () => {
    await network.kill('B')
    const texts = Array.from({ length: many }, (_, index) => `message ${index}`)
    await Promise.all(texts.flatMap((text) => [send(bob, text), send(carol, text)]))
    await arrived(carol, 'C', ['first', ...texts])
    const { url } = network.host('A')
    await until('a failed call to B', async () => ((await metric(url, failedCalls)) ?? 0) > 0)
  })

  it('gets its mail by itself when it is back, each message once, though it never calls', async () => {
    const texts = Array.from({ length: many }, (_, index) => `message ${index}`)
    const startedAt = performance.now()
    await network.restart('B')
    await arrived(bob, 'B', ['first', ...texts], 60_000)
    report(`all ${many} after ${((performance.now() - startedAt) / 1000).toFixed(1)} s, the start of B included`)
  })

  it('gets its mail within two seconds of its first call to us, however long the pause was to be', async () => {
    await network.reconfigure('A', (config) => ({
      ...config,
      outbox: { ...config.outbox, backoffBaseMs: 60_000, backoffMostMs: 900_000 },
    }))
    const { url } = network.host('A')
    // The pause is drawn between nothing and a minute: one that ended before B called shows nothing, and is drawn again.
    for (let round = 0; ; round += 1) {
      expect(round, 'a pause that outlasts the start of B').to.be.lessThan(8)
      await network.kill('B')
      const failedBefore = (await metric(url, failedCalls)) ?? 0
      const text = `for bob ${round}`
      await send(bob, text)
      await until('a failed call to B', async () => ((await metric(url, failedCalls)) ?? 0) > failedBefore)
      await network.restart('B')
      if ((await receivedAtMs(bob, 'B', text)) !== null) continue

      const word = `from dave ${round}`
      await network.client(dave, 'B').send({ recipient: alice.key, box, body: word })
      const calledAtMs = await until('a call of B to A', () => receivedAtMs(alice, 'A', word))
      const arrivedAtMs = await until(`mail for Bob`, () => receivedAtMs(bob, 'B', text))
      report(`${arrivedAtMs - calledAtMs} ms after A took what B brought`)
      expect(arrivedAtMs - calledAtMs).to.be.at.most(2_000)
      return
    }
  })

  it('leaves nothing behind in the outbox', async () => {
    await expectDrained(network, 'A')
    const waiting = await bodiesIn(network.client(bob, 'A'), box)
    expect(waiting, 'copies for Bob at A').to.deep.equal([])
  })

  /** When a host stored a message, Unix ms; null when it has not. */
  async function receivedAtMs(person: Person, name: string, text: string): Promise<number | null> {
    for await (const { body, receivedAtMs } of network.client(person, name).listAll({ box })) {
      if (body === text) return receivedAtMs
    }
    return null
  }
})
