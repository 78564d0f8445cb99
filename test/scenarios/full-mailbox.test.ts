import { expect } from 'chai'
import { metric } from '../support/host-metrics.ts'
import { bodiesIn, newPerson, type Person } from '../support/person.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

const box = 'inbox'
const refused = 'relay_over_quota_total{quota="mailbox full"}'

describe('a mailbox that is full', function () {
  this.timeout(60_000)

  let network: TestNetwork
  const [alice, bob, carol] = [newPerson(), newPerson(), newPerson()]
  before(async () => {
    network = await TestNetwork.start({ hosts: 2 })
    await network.authorize(bob, 'B')
    await network.authorize(carol, 'B')
    await network.reconfigure('B', (config) => ({ ...config, quotas: { mailbox: { messages: 3 } } }))
  })
  after(() => network[Symbol.asyncDispose]())

  const arrived = (person: Person, count: number) =>
    until(`${count} messages`, async () => {
      const bodies = await bodiesIn(network.client(person, 'B'), box)
      return bodies.length >= count && bodies
    })

  const acknowledge = (person: Person, from: string, ids: readonly string[]) =>
    network.client(person, 'B').acknowledge(ids.map((messageId) => ({ box: from, sender: alice.key, messageId })))

  it('keeps its sender’s host trying, stands in nobody else’s way, and loses nothing', async () => {
    const bodies = ['1', '2', '3', '4', '5', '6']
    const sender = network.client(alice, 'A')
    for (const body of bodies) {
      await sender.send({ recipient: bob.key, box, body, messageId: body })
      await sender.send({ recipient: carol.key, box: `${box} ${body}`, body, messageId: body })
    }
    const first = await arrived(bob, 3)
    // Carol reads as she goes: her mailbox is never full for long.
    const toCarol = new Set<string>()
    await until('all of Carol’s messages', async () => {
      for (const body of bodies) {
        const found = await bodiesIn(network.client(carol, 'B'), `${box} ${body}`)
        found.forEach((text) => toCarol.add(text))
        if (found.length > 0) await acknowledge(carol, `${box} ${body}`, [body])
      }
      return toCarol.size === bodies.length
    })
    await until('refusals', async () => ((await metric(network.host('B').url, refused)) ?? 0) > 0)
    expect(await bodiesIn(network.client(bob, 'B'), box)).to.deep.equal(first)

    await acknowledge(bob, box, first)
    const rest = await arrived(bob, 3)
    expect([...first, ...rest]).to.have.members(bodies)
  })
})
