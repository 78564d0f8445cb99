import { RelayError } from '@overpost/protocol'
import { expect } from 'chai'
import { SimNetwork, simUser, type SimHost } from './sim-network.ts'

const [alice, bob] = [simUser(11), simUser(33)]
const minuteMs = 60_000
const hourMs = 60 * minuteMs

/** What a host delivered goes again to another that lost it. */
describe('a host whose log began anew, over a simulated wire, directory and clock', () => {
  let network: SimNetwork
  let a: SimHost
  let b: SimHost

  beforeEach(async () => {
    network = new SimNetwork()
    a = await network.addHost('a', 1)
    b = await network.addHost('b', 2)
    await network.authorize(bob, b)
  })
  afterEach(() => network[Symbol.asyncDispose]())

  const send = async (...texts: string[]) => {
    const sent = []
    for (const text of texts) sent.push((await a.send(alice, bob, text)).handle)
    await network.advance(5_000)
    return sent
  }
  /** B loses all that it had but its key and its users. */
  const loseAll = async () => {
    await b[Symbol.asyncDispose]()
    b = await network.addHost('b', 2)
    await network.authorize(bob, b)
  }
  const resent = () =>
    a.events.reduce(
      (sum, { name, event }) => (name === 'resent' ? sum + (event as { parcels: number }).parcels : sum),
      0,
    )

  it('gets again all that it had, once, with the next message', async () => {
    const handles = await send('one', 'two', 'three')
    await loseAll()
    await send('four')
    expect(await b.bodies(bob)).to.have.members(['one', 'two', 'three', 'four'])
    expect(await a.states(alice, handles)).to.deep.equal(['delivered', 'delivered', 'delivered'])
    const outOfLoss = b.events.reduce((sum, { event }) => sum + ((event as { again?: number }).again ?? 0), 0)
    expect(outOfLoss, 'told by count').to.equal(3)
    const before = resent()
    await send('five')
    expect(resent()).to.equal(before)
    expect(await b.bodies(bob)).to.have.length(5)
  })

  it('gets nothing again while its log goes on', async () => {
    await send('one')
    await send('two')
    expect(resent()).to.equal(0)
  })

  it('that refuses what comes again makes no bounce, and the message stays delivered', async () => {
    await network.authorize(alice, a)
    const handles = await send('one')
    await loseAll()
    const refused = network.propagate.bind(network)
    network.propagate = async (from, to, parcels) => {
      if (!parcels.some(({ again }) => again === true)) return await refused(from, to, parcels)
      const { code } = new RelayError('ERR_DELIVERY_BLOCKED')
      return { kind: 'answered', answers: parcels.map(() => ({ kind: 'refused', status: 403, code })) }
    }
    await send('two')
    await network.advance(2 * minuteMs)
    expect(await b.bodies(bob)).to.deep.equal(['two'])
    expect(await a.states(alice, handles)).to.deep.equal(['delivered'])
    expect(await a.notices(alice)).to.deep.equal([])
    expect((await a.store.outbox.counts()).parcels).to.equal(0)
  })

  it('again within the hour, waits for the hour to pass', async () => {
    await send('one')
    await loseAll()
    await send('two')
    expect(await b.bodies(bob)).to.have.members(['one', 'two'])
    await loseAll()
    await send('three')
    expect(await b.bodies(bob)).to.deep.equal(['three'])
    await network.advance(hourMs, minuteMs)
    await send('four')
    expect(await b.bodies(bob)).to.have.members(['one', 'two', 'three', 'four'])
  })
})
