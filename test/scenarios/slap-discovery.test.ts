import { expect } from 'chai'
import { metric } from '../support/host-metrics.ts'
import { bodiesIn, newPerson } from '../support/person.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

const box = 'inbox'

/** Alice sends at A, whose configuration names no lookup node: only where to ask for some. */
describe('a host that finds its lookup nodes by SLAP', function () {
  this.timeout(120_000)

  let network: TestNetwork
  const alice = newPerson()

  before(async () => {
    network = await TestNetwork.start({ hosts: 2, overlays: 2 })
    await network.reconfigure('A', ({ overlay, ...config }) => ({
      ...config,
      overlay: { ...overlay, urls: [], trackers: [network.overlayUrls[0]!], discoverEveryMs: 1_000 },
      outbox: { ...config.outbox, unroutedBaseMs: 3_600_000, unroutedMostMs: 3_600_000 },
    }))
  })
  after(() => network[Symbol.asyncDispose]())

  const send = (to: ReturnType<typeof newPerson>, body: string) =>
    network.client(alice, 'A').send({ recipient: to.key, box, body })
  const arrives = (to: ReturnType<typeof newPerson>) =>
    until('the message at B', async () => (await bodiesIn(network.client(to, 'B'), box)).length === 1)

  it('asks the nodes that advertise themselves to its tracker', async () => {
    const bob = newPerson()
    await network.authorize(bob, 'B')
    await send(bob, 'hello')
    await arrives(bob)
  })

  it('goes on with what it found, and with its feed, while the tracker is down', async () => {
    const carol = newPerson()
    // The tracker names itself, too: two topics of each.
    await until('feeds that A follows', async () => (await metric(network.host('A').url, 'relay_feeds_followed')) === 4)
    await network.stopOverlay(0)
    await network.client(carol, 'B').authorizeRouting()
    await send(carol, 'hello')
    await arrives(carol)
    expect(await bodiesIn(network.client(carol, 'B'), box)).to.deep.equal(['hello'])
  })
})
