import { expect } from 'chai'
import { lookUp } from '../support/overlay-lookup.ts'
import { bodiesIn, newPerson, type Person } from '../support/person.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

const box = 'inbox'

/** Must hold 4: hosts that follow the feeds of the overlay nodes. Alice sends at A. */
describe('a host that follows the feeds of overlay nodes', function () {
  this.timeout(120_000)

  let network: TestNetwork
  const alice = newPerson()

  before(async () => {
    network = await TestNetwork.start({ hosts: 3, overlays: 2 })
    // Look-ups alone would take a minute, here and where nobody is hosted.
    await network.reconfigure('A', (config) => ({
      ...config,
      outbox: { ...config.outbox, unroutedBaseMs: 3_600_000, unroutedMostMs: 3_600_000 },
      routes: { ...config.routes, positiveMs: 60_000, negativeMs: 60_000 },
    }))
  })
  after(() => network[Symbol.asyncDispose]())

  const send = (to: Person, body: string) => network.client(alice, 'A').send({ recipient: to.key, box, body })
  const waitingAt = (name: string, person: Person) => bodiesIn(network.client(person, name), box)
  const propagatedTo = async (name: string): Promise<number> => {
    const text = await (await fetch(`${network.host(name).url}/metrics`)).text()
    const lines = text
      .split('\n')
      .filter((line) => line.startsWith('relay_http_requests_total{route="/propagateMessage'))
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
  }
  const isSpentAt = async (overlayUrl: string, person: Person): Promise<boolean> => {
    const all = await lookUp(overlayUrl, person.key, { includeSpent: true })
    return all.length > 0 && all.every(({ context }) => context !== undefined)
  }

  it('does not use a revoked advert 1 s after one of the nodes saw its spend', async () => {
    const bob = newPerson()
    await network.authorize(bob, 'B')
    await send(bob, 'while it stands')
    await until('the first message', async () => (await waitingAt('B', bob)).length === 1)
    await network.client(bob, 'B').revokeRouting()
    await until('the spend', async () => {
      const seen = await Promise.all(network.overlayUrls.map((url) => isSpentAt(url, bob)))
      return seen.includes(true)
    })
    const seenAtMs = performance.now()
    await until('a second', () => performance.now() >= seenAtMs + 1_000)
    const before = await propagatedTo('B')
    await send(bob, 'after it was revoked')
    // It has no home any more: it waits where it was sent, and no call was made.
    expect(await waitingAt('A', bob)).to.deep.equal(['after it was revoked'])
    expect(await propagatedTo('B')).to.equal(before)
    expect(await waitingAt('B', bob)).to.deep.equal(['while it stands'])
  })

  it('wakes mail that found no home, as soon as there is one', async () => {
    const carol = newPerson()
    await send(carol, 'early')
    await until('a look-up in vain', async () => (await waitingAt('A', carol)).length === 1)
    await network.authorize(carol, 'C')
    // By look-ups alone it would be asked for again after up to an hour.
    await until('the message', async () => (await waitingAt('C', carol)).length === 1)
    expect(await waitingAt('C', carol)).to.deep.equal(['early'])
  })

  it('goes on where it was after a node was away, and uses the other one meanwhile', async () => {
    const dave = newPerson()
    await network.authorize(dave, 'B')
    await send(dave, 'one')
    await until('the first message', async () => (await waitingAt('B', dave)).length === 1)
    await network.stopOverlay(0)
    await network.client(dave, 'B').revokeRouting()
    const [, left] = network.overlayUrls
    await until('the spend', () => isSpentAt(left!, dave))
    const seenAtMs = performance.now()
    await until('a second', () => performance.now() >= seenAtMs + 1_000)
    const before = await propagatedTo('B')
    await send(dave, 'two')
    expect(await waitingAt('A', dave)).to.deep.equal(['two'])
    expect(await propagatedTo('B')).to.equal(before)
    await network.startOverlay(0)
    const erin = newPerson()
    await send(erin, 'early')
    await until('a look-up in vain', async () => (await waitingAt('A', erin)).length === 1)
    await network.stopOverlay(1)
    await network.client(erin, 'C').authorizeRouting()
    // Only the node that was away can tell.
    await until('the message', async () => (await waitingAt('C', erin)).length === 1, 40_000)
    await network.startOverlay(1)
  })
})
