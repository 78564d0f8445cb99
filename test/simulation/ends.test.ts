import { RelayError } from '@overpost/protocol'
import { expect } from 'chai'
import { SimNetwork, simUser, type SimHost } from './sim-network.ts'

const [alice, bob, carol] = [simUser(11), simUser(33), simUser(44)]
const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** Every message that a host accepted has one end, and its sender learns of it. */
describe('the ends of messages, over a simulated wire, directory and clock', () => {
  let network: SimNetwork
  let a: SimHost
  let b: SimHost
  let c: SimHost

  beforeEach(async () => {
    network = new SimNetwork()
    a = await network.addHost('a', 1)
    b = await network.addHost('b', 2)
    c = await network.addHost('c', 3)
  })
  afterEach(() => network[Symbol.asyncDispose]())

  const refuse = (code: string, status = 403) => {
    const propagate = network.propagate.bind(network)
    network.propagate = (from, to, parcels) =>
      to.origin === b.origin
        ? Promise.resolve({
            kind: 'answered',
            answers: parcels.map(() => ({ kind: 'refused', status, code }) as const),
          })
        : propagate(from, to, parcels)
  }

  it('waiting, then delivered with the host that has it', async () => {
    await network.authorize(bob, b)
    network.wire = () => 'refused'
    const { handle } = await a.send(alice, bob, 'hello')
    await network.advance(5_000)
    expect(await a.states(alice, [handle])).to.deep.equal(['waiting'])
    network.wire = () => 'none'
    await network.advance(61_000)
    expect(await a.states(alice, [handle])).to.deep.equal(['delivered'])
    expect(await a.states(bob, [handle])).to.deep.equal(['unknown'])
  })

  it('refused for good: one bounce for its sender, with all that is known, and none for anybody else', async () => {
    await network.authorize(bob, b)
    await network.authorize(alice, a)
    refuse('ERR_DELIVERY_BLOCKED')
    const { handle } = await a.send(alice, bob, 'hello')
    await network.advance(120_000)
    expect(await a.states(alice, [handle])).to.deep.equal(['returned'])
    const notices = await a.notices(alice)
    expect(notices).to.have.length(1)
    expect(notices[0]).to.deep.include({
      ...{ kind: 'returned', handle, code: 'ERR_DELIVERY_BLOCKED', attempts: 1, recipient: bob.key },
      ...{ messageBox: 'inbox', messageId: 'id of hello' },
    })
    expect(notices[0]?.destinations).to.containSubset([{ origin: b.origin, hostKey: b.user.key, state: 'refused' }])
    expect(await a.notices(bob)).to.deep.equal([])
  })

  it('a bounce goes where its sender reads, and can be checked there', async () => {
    await network.authorize(bob, b)
    await network.authorize(alice, c)
    refuse('ERR_DELIVERY_BLOCKED')
    await a.send(alice, bob, 'hello')
    await network.advance(120_000)
    expect((await c.notices(alice)).map(({ kind }) => kind)).to.deep.equal(['returned'])
    const page = { cursor: null, limit: 10, maxBytes: 1e6, withProofs: true }
    const { messages } = await c.mailbox.list({ owner: alice.key, box: 'delivery_failures' as never }, page)
    expect(messages[0]).to.deep.include({ sender: a.user.key, originHost: a.user.key })
    expect(messages[0]?.envelope).not.to.equal(null)
  })

  it('tried, and looked up, within the ordinary pauses when the clock is set back while it waits', async () => {
    let [calls, questions] = [0, 0]
    const find = network.find.bind(network)
    network.find = (user) => {
      if (user === carol.key) questions += 1
      return find(user)
    }
    network.wire = () => {
      calls += 1
      return 'refused'
    }
    await network.authorize(bob, b)
    await network.advance(3 * hourMs, hourMs)
    await a.send(alice, bob, 'known')
    await a.send(alice, carol, 'unknown')
    await network.advance(30 * 60_000)
    network.clock.advanceTo(network.clock.nowMs() - 2 * hourMs)
    ;[calls, questions] = [0, 0]
    await network.advance(61_000)
    expect(calls).to.be.greaterThan(0)
    await network.advance(hourMs)
    expect(questions).to.be.greaterThan(0)
  })

  it('not returned, and nobody told of a delay, as the clock was days ahead for half an hour', async () => {
    await network.authorize(bob, b)
    await network.authorize(alice, a)
    network.wire = () => 'refused'
    const { handle } = await a.send(alice, bob, 'hello')
    await network.advance(120_000)
    network.clock.advance(6 * dayMs)
    await network.advance(30 * 60_000)
    expect(await a.states(alice, [handle])).to.deep.equal(['waiting'])
    network.clock.advanceTo(network.clock.nowMs() - 6 * dayMs)
    await network.advance(5_000)
    expect(await a.notices(alice)).to.deep.equal([])
    network.wire = () => 'none'
    await network.advance(61_000)
    expect(await a.states(alice, [handle])).to.deep.equal(['delivered'])
  })

  describe('an envelope that does not verify', () => {
    const forge = (text: string) => a.send(alice, bob, text, { proof: 'forged' })

    it('is refused at the door where the message could be read here', async () => {
      for (const isHome of [false, true]) {
        if (isHome) await network.authorize(bob, a)
        const refusal = await forge('hello').catch((error: unknown) => error)
        expect(refusal).to.be.instanceOf(RelayError).with.property('code', 'ERR_INVALID_ENVELOPE')
        expect(await a.bodies(bob)).to.deep.equal([])
      }
    })

    it('comes back from the home to which it was carried', async () => {
      await network.authorize(bob, b)
      await a.send(alice, bob, 'first')
      await network.settle()
      const { handle } = await forge('hello')
      await network.advance(5_000)
      expect(await a.states(alice, [handle])).to.deep.equal(['returned'])
      const codes = (await a.notices(alice)).map(({ code }) => code)
      expect(codes).to.deep.equal(['ERR_SENDER_LINKAGE_VERIFICATION_FAILED'])
      expect(await b.bodies(bob)).to.deep.equal(['first'])
    })

    it('comes back when its home turns out to be here, where nobody ever lists it', async () => {
      const token = await network.authorize(bob, b)
      await a.send(alice, bob, 'first')
      await network.settle()
      network.wire = () => 'refused'
      const { handle } = await forge('hello')
      await network.revoke(bob, b, token)
      await network.authorize(bob, a)
      const { handle: honest } = await a.send(alice, bob, 'honest')
      await network.advance(300_000)
      expect(await a.states(alice, [handle, honest])).to.deep.equal(['returned', 'delivered'])
      expect((await a.notices(alice)).map(({ code }) => code)).to.deep.equal(['ERR_INVALID_ENVELOPE'])
      expect(await a.bodies(bob)).to.deep.equal(['honest'])
    })
  })

  it('a message that was returned can be sent again', async () => {
    await network.authorize(bob, b)
    const propagate = network.propagate.bind(network)
    refuse('ERR_DELIVERY_BLOCKED')
    await a.send(alice, bob, 'hello')
    await network.advance(10_000)
    network.propagate = propagate
    const { handle } = await a.send(alice, bob, 'hello')
    await network.advance(10_000)
    expect(await b.bodies(bob)).to.deep.equal(['hello'])
    expect(await a.states(alice, [handle])).to.deep.equal(['delivered'])
  })

  it('too old: each of many behind a host that is down is returned once, soon after its time', async () => {
    await network.authorize(bob, b)
    network.wire = () => 'refused'
    const handles: string[] = []
    for (let index = 0; index < 50; index += 1) handles.push((await a.send(alice, bob, `message ${index}`)).handle)
    await network.advance(5 * dayMs - hourMs, hourMs / 2)
    expect(new Set(await a.states(alice, handles))).to.deep.equal(new Set(['waiting']))
    await network.advance(hourMs + 5 * 60_000, 60_000)
    expect(new Set(await a.states(alice, handles))).to.deep.equal(new Set(['returned']))
    const returned = (await a.notices(alice)).filter(({ kind }) => kind === 'returned')
    expect(returned.map(({ handle }) => handle)).to.have.members(handles)
    expect(new Set(returned.map(({ code }) => code))).to.deep.equal(new Set(['ERR_EXPIRED']))
    expect(new Set(returned.map(({ reason }) => reason))).to.deep.equal(new Set(['connection refused']))
    network.wire = () => 'none'
    await network.advance(2 * hourMs, 60_000)
    expect(await b.bodies(bob), 'what was returned is not delivered').to.deep.equal([])
  })

  it('no home: returned, and the copy here goes', async () => {
    const { handle } = await a.send(alice, bob, 'hello')
    await network.advance(5.1 * dayMs, hourMs / 2)
    expect(await a.states(alice, [handle])).to.deep.equal(['returned'])
    expect(await a.bodies(bob)).to.deep.equal([])
    const returned = (await a.notices(alice)).filter(({ kind }) => kind === 'returned')
    expect(returned).to.containSubset([{ code: 'ERR_NO_ROUTE', destinations: [] }])
  })

  it('no home, but listed here: delivered, and nobody is told otherwise', async () => {
    const { handle } = await a.send(alice, bob, 'hello')
    await a.bodies(bob)
    await network.advance(5.1 * dayMs, hourMs / 2)
    expect(await a.states(alice, [handle])).to.deep.equal(['delivered'])
    expect(await a.bodies(bob)).to.deep.equal(['hello'])
    expect(await a.notices(alice)).to.deep.equal([])
  })

  it('waiting for long: one notice, whatever comes later', async () => {
    await network.authorize(bob, b)
    network.wire = () => 'refused'
    const { handle } = await a.send(alice, bob, 'hello')
    await network.advance(4 * hourMs - 60_000, 60_000)
    expect(await a.notices(alice)).to.deep.equal([])
    await network.advance(20 * hourMs, 600_000)
    const [notice, ...others] = await a.notices(alice)
    expect(others).to.deep.equal([])
    expect(notice).to.deep.include({ kind: 'delayed', handle })
    expect(notice?.expiresAtMs).to.equal((notice?.acceptedAtMs ?? 0) + 5 * dayMs)
    network.wire = () => 'none'
    await network.advance(hourMs, 60_000)
    expect(await a.states(alice, [handle])).to.deep.equal(['delivered'])
  })

  it('a bounce that the other host refuses for good can be listed here', async () => {
    await network.authorize(bob, b)
    await network.authorize(alice, c)
    const propagate = network.propagate.bind(network)
    network.propagate = (_, __, parcels) =>
      Promise.resolve({
        kind: 'answered',
        answers: parcels.map(() => ({ kind: 'refused', status: 403, code: 'ERR_DELIVERY_BLOCKED' }) as const),
      })
    const { handle } = await a.send(alice, bob, 'hello')
    await network.advance(240_000)
    network.propagate = propagate
    expect(await a.states(alice, [handle])).to.deep.equal(['returned'])
    expect((await a.notices(alice)).map(({ kind }) => kind)).to.deep.equal(['returned'])
    expect(a.count('returned')).to.equal(1)
  })

  it('a notice is never answered by a notice', async () => {
    await network.authorize(bob, b)
    await network.authorize(alice, c)
    network.wire = () => 'refused'
    await a.send(alice, bob, 'hello')
    await network.advance(12 * dayMs, hourMs / 2)
    expect(a.count('returned'), 'the message, and not the notices of it').to.equal(1)
    for (const host of [a, b, c]) {
      expect(await host.notices(a.user), `a's own notices at ${host.name}`).to.deep.equal([])
    }
  })

  it('two homes: one that has it silences the other', async () => {
    await network.authorize(bob, b)
    await network.authorize(bob, c)
    refuse('ERR_DELIVERY_BLOCKED')
    const { handle } = await a.send(alice, bob, 'hello')
    await network.advance(120_000)
    expect(await a.states(alice, [handle])).to.deep.equal(['delivered'])
    expect(await c.bodies(bob)).to.deep.equal(['hello'])
    expect(await a.notices(alice)).to.deep.equal([])
  })

  it('over quota there: tried again until there is room', async () => {
    await network.authorize(carol, b)
    const propagate = network.propagate.bind(network)
    refuse('ERR_QUOTA_EXCEEDED', 429)
    const { handle } = await a.send(alice, carol, 'hello')
    await network.advance(hourMs, 60_000)
    expect(await a.states(alice, [handle])).to.deep.equal(['waiting'])
    network.propagate = propagate
    await network.advance(120_000)
    expect(await a.states(alice, [handle])).to.deep.equal(['delivered'])
  })
})
