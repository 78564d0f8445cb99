import {
  createWithdrawalTokenScript,
  RelayError,
  signWithdrawal,
  type BoxName,
  type MessageId,
} from '@overpost/protocol'
import { expect } from 'chai'
import { SimNetwork, simUser, type SimHost } from './sim-network.ts'

const alice = simUser(11)
const bob = simUser(33)
const mallory = simUser(55)

describe('federation of hosts, over a simulated wire, directory and clock', () => {
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

  it('carries a message to the host that the recipient authorised, once, and keeps no copy', async () => {
    await network.authorize(bob, b)
    await a.send(alice, bob, 'hello')
    await network.settle()
    expect(await b.bodies(bob)).to.deep.equal(['hello'])
    expect(await a.bodies(bob)).to.deep.equal([])
    expect(await a.store.outbox.counts()).to.include({ parcels: 0, unrouted: 0, failed: 0 })
  })

  it('uses the verified route for the next message without asking again', async () => {
    await network.authorize(bob, b)
    for (const text of ['one', 'two', 'three']) {
      await a.send(alice, bob, text)
      await network.settle()
    }
    expect(await b.bodies(bob)).to.deep.equal(['one', 'two', 'three'])
    expect(network.lookups).to.equal(1)
  })

  it('keeps messages for a user of this host here, asks once whether there are other homes, and leaves no trace of that', async () => {
    await network.authorize(bob, a)
    for (const text of ['hello', 'again']) {
      await a.send(alice, bob, text)
      await network.settle()
    }
    expect(await a.bodies(bob)).to.deep.equal(['hello', 'again'])
    expect(network.lookups).to.equal(1)
    expect(await a.store.outbox.counts()).to.include({ parcels: 0, unrouted: 0, failed: 0 })
    expect(a.count('routed')).to.equal(0)
  })

  it('takes what is sent at a home to the other homes, although nothing was known of them, also once it was acknowledged', async () => {
    for (const host of [a, b, c]) await network.authorize(bob, host)
    network.lookup = () => Promise.resolve({ kind: 'failed', reason: 'down' })
    const { handle } = await a.send(alice, bob, 'hello')
    await network.advance(600_000, 5_000)
    expect(await a.states(alice, [handle])).to.deep.equal(['delivered'])
    const messages = [{ box: 'inbox' as BoxName, sender: alice.key, messageId: 'id of hello' as MessageId }]
    expect(await a.store.mailboxes.acknowledgeByName(bob.key, messages)).to.equal(1)
    network.lookup = null
    await network.advance(61_000)
    expect(await b.bodies(bob)).to.deep.equal(['hello'])
    expect(await c.bodies(bob)).to.deep.equal(['hello'])
    expect(await a.bodies(bob)).to.deep.equal([])
    expect(await a.states(alice, [handle])).to.deep.equal(['acknowledged'])
    await a.send(alice, bob, 'next')
    expect(await a.store.outbox.counts(), 'they are known now').to.include({ parcels: 2, unrouted: 0 })
  })

  it('looks for other homes in vain for five days without a word to the sender', async () => {
    await network.authorize(bob, a)
    network.lookup = () => Promise.resolve({ kind: 'failed', reason: 'down' })
    await a.send(alice, bob, 'hello')
    await network.advance(6 * 86_400_000, 600_000)
    expect(await a.store.outbox.counts()).to.include({ parcels: 0, unrouted: 0, failed: 0 })
    expect(await a.bodies(bob)).to.deep.equal(['hello'])
    expect(await a.notices(alice)).to.deep.equal([])
    expect(a.count('parcelFailed') + a.count('returned') + a.count('delayed')).to.equal(0)
  })

  it('lists a message with no known home here at once, and moves it when a home turns up', async () => {
    await a.send(alice, bob, 'hello')
    await network.settle()
    expect(await a.store.outbox.counts()).to.include({ unrouted: 1 })
    await network.authorize(bob, b)
    await network.advance(70_000)
    expect(await b.bodies(bob)).to.deep.equal(['hello'])
    expect(await a.bodies(bob)).to.deep.equal([])
  })

  it('leaves a copy that the recipient listed here already, and forwards it too', async () => {
    await a.send(alice, bob, 'hello')
    expect(await a.bodies(bob)).to.deep.equal(['hello'])
    await network.authorize(bob, b)
    await network.advance(70_000)
    expect(await a.bodies(bob)).to.deep.equal(['hello'])
    expect(await b.bodies(bob)).to.deep.equal(['hello'])
  })

  it('keeps a message here for good when its recipient authorises this host after it came', async () => {
    await a.send(alice, bob, 'hello')
    await network.authorize(bob, a)
    await network.advance(70_000)
    expect(await a.bodies(bob)).to.deep.equal(['hello'])
    expect(await a.store.outbox.counts()).to.include({ unrouted: 0, parcels: 0 })
  })

  it('delivers by itself after an outage, once each, in order', async () => {
    await network.authorize(bob, b)
    await a.send(alice, bob, 'before')
    await network.settle()
    network.wire = () => 'refused'
    const texts = Array.from({ length: 20 }, (_, index) => `message ${index}`)
    for (const text of texts) await a.send(alice, bob, text)
    await network.advance(120_000)
    expect(await b.bodies(bob)).to.deep.equal(['before'])
    network.wire = () => 'none'
    await network.advance(61_000)
    expect(await b.bodies(bob)).to.deep.equal(['before', ...texts])
  })

  it('tries a host that is down with one message at a time, ever less often', async () => {
    await network.authorize(bob, b)
    await a.send(alice, bob, 'first')
    await network.settle()
    let calls = 0
    network.wire = () => {
      calls += 1
      return 'refused'
    }
    for (let index = 0; index < 200; index += 1) await a.send(alice, bob, `message ${index}`)
    await network.advance(600_000, 1_000)
    expect(calls).to.be.within(8, 60)
  })

  it('resumes within two seconds when the host that was down calls us', async () => {
    await network.authorize(bob, b)
    await a.send(alice, bob, 'first')
    await network.settle()
    network.wire = () => 'refused'
    await a.send(alice, bob, 'second')
    await network.advance(300_000, 1_000)
    network.wire = () => 'none'
    await a.store.outbox.wake(b.user.key, network.clock.nowMs())
    a.outboxAlarm.ring()
    await network.advance(2_000)
    expect(await b.bodies(bob)).to.deep.equal(['first', 'second'])
  })

  it('costs other hosts nothing when one is down', async () => {
    const carol = simUser(44)
    await network.authorize(bob, b)
    await network.authorize(carol, c)
    network.wire = (_, to) => (to === 'b' ? 'refused' : 'none')
    for (let index = 0; index < 50; index += 1) {
      await a.send(alice, bob, `to bob ${index}`)
      await a.send(alice, carol, `to carol ${index}`)
    }
    await network.settle()
    expect(await c.bodies(carol)).to.have.length(50)
  })

  it('stores once what was sent again because the answer was lost', async () => {
    await network.authorize(bob, b)
    let calls = 0
    network.wire = () => (++calls <= 3 ? 'answer lost' : 'none')
    for (const text of ['one', 'two', 'three']) await a.send(alice, bob, text)
    await network.advance(60_000)
    expect(await b.bodies(bob)).to.have.members(['one', 'two', 'three'])
  })

  it('takes a client’s retry of an envelope as the same message, also after the acknowledgement', async () => {
    await network.authorize(bob, b)
    const sent = { messageId: 'm1' }
    await a.send(alice, bob, 'pay me', sent)
    await network.settle()
    const [listed] = (
      await b.mailbox.list(
        { owner: bob.key, box: 'inbox' as never },
        { cursor: null, limit: 1, maxBytes: 1e6, withProofs: true },
      )
    ).messages
    expect(await b.mailbox.acknowledge(bob.key, [listed!.listedId])).to.equal(1)
    // The same signed bytes: the clock has not moved.
    await a.send(alice, bob, 'pay me', sent)
    await network.settle()
    expect(await b.bodies(bob)).to.deep.equal([])
    expect(await a.store.outbox.counts()).to.include({ parcels: 0, failed: 0 })
  })

  it('says no to the same id with another plain body while the first still waits', async () => {
    await network.authorize(bob, a)
    await a.send(alice, bob, 'one', { messageId: 'm1' })
    const refusal = await a.send(alice, bob, 'two', { messageId: 'm1' }).catch((error: unknown) => error)
    expect(refusal).to.be.instanceOf(RelayError).with.property('code', 'ERR_DUPLICATE_MESSAGE')
    expect(await a.bodies(bob)).to.deep.equal(['one'])
  })

  it('follows the user to another host: new mail goes there, old routes end', async () => {
    const token = await network.authorize(bob, b)
    await a.send(alice, bob, 'to b')
    await network.settle()
    await network.revoke(bob, b, token)
    await network.authorize(bob, c)
    await a.send(alice, bob, 'to c')
    await network.advance(5_000)
    expect(await b.bodies(bob)).to.deep.equal(['to b'])
    expect(await c.bodies(bob)).to.deep.equal(['to c'])
  })

  it('goes on to a host whose withdrawal somebody else signed', async () => {
    await network.authorize(bob, b)
    const atMs = network.clock.nowMs() + 1
    const forged = await signWithdrawal(mallory.wallet, { userKey: bob.key, hostKey: 'ALL', atMs })
    const script = await createWithdrawalTokenScript(c.user.wallet, forged)
    network.tokens.push({ user: bob.key, entry: { outpoint: `${'e'.repeat(64)}.0` as never, script, spent: false } })
    await a.send(alice, bob, 'hello')
    await network.settle()
    expect(await b.bodies(bob)).to.deep.equal(['hello'])
  })

  it('sends to each of several homes', async () => {
    await network.authorize(bob, b)
    await network.authorize(bob, c)
    await a.send(alice, bob, 'hello')
    await network.settle()
    expect(await b.bodies(bob)).to.deep.equal(['hello'])
    expect(await c.bodies(bob)).to.deep.equal(['hello'])
  })

  it('forwards only to hosts whose advert covers the box', async () => {
    await network.authorize(bob, b, { pattern: '^pay' })
    await network.authorize(bob, c, { pattern: '^inbox$' })
    await a.send(alice, bob, 'money', { box: 'payments' })
    await a.send(alice, bob, 'letter', { box: 'inbox' })
    await network.settle()
    expect(await b.bodies(bob, 'payments')).to.deep.equal(['money'])
    expect(await c.bodies(bob, 'inbox')).to.deep.equal(['letter'])
    expect(await b.bodies(bob, 'inbox')).to.deep.equal([])
  })

  it('never reads a look-up that fails as "unknown recipient": the message waits and goes when the overlay is back', async () => {
    await network.authorize(bob, b)
    network.lookup = () => Promise.resolve({ kind: 'failed', reason: 'no lookup host answered' })
    await a.send(alice, bob, 'hello')
    await network.advance(3_600_000, 5_000)
    expect(await a.store.outbox.counts()).to.include({ unrouted: 1, failed: 0 })
    network.lookup = null
    await network.advance(61_000)
    expect(await b.bodies(bob)).to.deep.equal(['hello'])
  })

  it('gives up after the age limit, and says why', async () => {
    await a.send(alice, bob, 'hello')
    await network.advance(5.2 * 86_400_000, 900_000)
    expect(a.count('returned')).to.equal(1)
    expect(a.events.find(({ name }) => name === 'returned')?.event).to.include({ reason: 'ERR_NO_ROUTE' })
  })

  const untrue: { name: string; make: () => Promise<void> }[] = [
    {
      name: 'that names another user',
      make: async () => {
        const token = await network.authorize(mallory, b)
        token.user = bob.key
      },
    },
    {
      name: 'that has expired',
      make: async () => {
        await network.authorize(bob, b, { lifeMs: 1_000 })
        network.clock.advance(2_000)
      },
    },
    {
      name: 'that its user withdrew, by another host that published it',
      make: async () => {
        await network.authorize(bob, b)
        const atMs = network.clock.nowMs() + 1
        const signed = await signWithdrawal(bob.wallet, { userKey: bob.key, hostKey: b.user.key, atMs })
        const script = await createWithdrawalTokenScript(c.user.wallet, signed)
        network.tokens.push({
          user: bob.key,
          entry: { outpoint: `${'e'.repeat(64)}.0` as never, script, spent: false },
        })
      },
    },
    {
      name: 'with one byte changed',
      make: async () => {
        const token = await network.authorize(bob, b)
        const script = Uint8Array.from(token.entry.script)
        script[script.length - 40]! ^= 1
        token.entry = { ...token.entry, script }
      },
    },
    {
      name: 'that is spent',
      make: async () => network.spend(await network.authorize(bob, b)),
    },
    {
      name: 'that was spent and then minted again by a stranger',
      make: async () => {
        const token = await network.authorize(bob, b)
        network.tokens.push({ user: bob.key, entry: { ...token.entry, outpoint: `${'f'.repeat(64)}.0` as never } })
        network.spend(token)
      },
    },
    {
      name: 'that is older than one that its host spent',
      make: async () => {
        await network.authorize(bob, b)
        network.clock.advance(1_000)
        network.spend(await network.authorize(bob, b))
      },
    },
  ]
  for (const { name, make } of untrue) {
    it(`never uses a token ${name}`, async () => {
      await make()
      await a.send(alice, bob, 'hello')
      await network.settle()
      expect(await b.bodies(bob)).to.deep.equal([])
      expect(a.count('attemptFailed')).to.equal(0)
      expect(await a.store.outbox.counts()).to.include({ unrouted: 1 })
    })
  }

  it('halves a batch that the other host refuses as a whole, and delivers the rest', async () => {
    await network.authorize(bob, b)
    await a.send(alice, bob, 'first')
    await network.settle()
    network.wire = () => 'refused'
    for (let index = 0; index < 10; index += 1) await a.send(alice, bob, `message ${index}`)
    await network.settle()
    const propagate = network.propagate.bind(network)
    network.wire = () => 'none'
    network.propagate = (from, to, parcels) =>
      parcels.length > 1 && parcels.some(({ message }) => message.body === 'message 5')
        ? Promise.resolve({ kind: 'refused', status: 413, code: 'ERR_BODY_TOO_LARGE', retryAfterMs: null })
        : parcels.some(({ message }) => message.body === 'message 5')
          ? Promise.resolve({ kind: 'refused', status: 413, code: 'ERR_BODY_TOO_LARGE', retryAfterMs: null })
          : propagate(from, to, parcels)
    await network.advance(61_000)
    expect(await b.bodies(bob))
      .to.have.length(10)
      .and.not.include('message 5')
    expect(await a.store.outbox.counts()).to.include({ parcels: 0, failed: 0 })
    expect((await a.notices(alice)).map(({ code }) => code)).to.deep.equal(['ERR_BODY_TOO_LARGE'])
  })

  it("carries a message without an envelope with its sender's request", async () => {
    await network.authorize(bob, b)
    await a.send(alice, bob, 'hello', { proof: 'request' })
    await network.advance(5_000)
    expect(await a.bodies(bob)).to.deep.equal([])
    const { messages } = await b.mailbox.list(
      { owner: bob.key, box: 'inbox' as never },
      { cursor: null, limit: 10, maxBytes: 1_000, withProofs: false },
    )
    expect(messages.map((message) => [message.body, message.proof, message.originHost])).to.deep.equal([
      ['hello', 'brc94', a.user.key],
    ])
  })

  it('vouches for a sender who shows nothing, where it holds their authorization, and is not believed otherwise', async () => {
    await network.authorize(bob, b)
    await a.send(alice, bob, 'before', { proof: 'none' })
    await network.advance(5_000)
    expect(await b.bodies(bob)).to.deep.equal([])
    expect(a.count('parcelFailed')).to.equal(1)
    await network.authorize(alice, a)
    await network.advance(61_000)
    await a.send(alice, bob, 'after', { proof: 'none' })
    await network.advance(5_000)
    expect(await b.bodies(bob)).to.deep.equal(['after'])
  })

  it('refuses an envelope that another key signed, for another text, or at an impossible time', async () => {
    await network.authorize(bob, a)
    const attempts = [
      { sender: mallory, sentMs: 0 },
      { sender: alice, sentMs: -8 * 86_400_000 },
      { sender: alice, sentMs: 11 * 60_000 },
    ]
    for (const { sender, sentMs } of attempts) {
      const message = { sender: alice.key, recipient: bob.key, box: 'inbox', messageId: 'm', body: 'text' } as never
      const { signEnvelope } = await import('@overpost/protocol')
      const envelope = await signEnvelope(sender.wallet, message, network.clock.nowMs() + sentMs)
      const refusal = await a.router
        .accept({
          ...{ sender: alice.key, box: 'inbox' as never, contentType: 'text/plain', body: 'text' },
          recipients: [{ recipient: bob.key, messageId: 'm' as never, envelope }],
        })
        .catch((error: unknown) => error)
      expect(refusal).to.be.instanceOf(RelayError)
    }
    expect(await a.bodies(bob)).to.deep.equal([])
  })
})
