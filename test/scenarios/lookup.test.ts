import { randomBytes } from 'node:crypto'
import { Transaction } from '@bsv/sdk'
import { IdentityWallet } from '@overpost/auth'
import { expect } from 'chai'
import { metric, outboxOf } from '../support/host-metrics.ts'
import { aggregated, endlessly, inDrips, LyingLookup, type Reply, type ShownOutput } from '../support/lying-lookup.ts'
import { lookUp } from '../support/overlay-lookup.ts'
import { bodiesIn, newPerson, type Person } from '../support/person.ts'
import { TestNetwork } from '../support/test-network.ts'
import { putInNoBlock, putOnChain, saidToBeSpent, tokenScript } from '../support/tokens.ts'
import { TrapHost } from '../support/trap-host.ts'
import { until } from '../support/until.ts'

const box = 'inbox'
const dayMs = 86_400_000
const failedLookups = 'relay_lookups_total{outcome="failed"}'

/** Must hold 6, with real overlay nodes, and with one that lies. Alice sends at A. */
describe('a host that asks who is hosted where', function () {
  this.timeout(120_000)

  let network: TestNetwork
  const alice = newPerson()
  /** Whom B hosts, and A has not heard of. */
  const hostedAtB: Person[] = Array.from({ length: 21 }, () => newPerson())

  before(async () => {
    network = await TestNetwork.start({ hosts: 3, overlays: 2 })
    await Promise.all(hostedAtB.map((person) => network.authorize(person, 'B')))
  })
  after(() => network[Symbol.asyncDispose]())

  const send = (to: Person, body = 'hello') => network.client(alice, 'A').send({ recipient: to.key, box, body })
  const delivered: Person[] = []
  async function arrived(person: Person, withinMs?: number): Promise<void> {
    const client = network.client(person, 'B')
    await until('the message at B', async () => (await bodiesIn(client, box)).length > 0, withinMs)
    delivered.push(person)
  }

  const someoneAtB = (): Person => hostedAtB.pop()!

  const failuresOfA = async () => (await metric(network.host('A').url, failedLookups)) ?? 0

  it('finds a user while one of its two lookup nodes is stopped', async () => {
    const bob = someoneAtB()
    await network.stopOverlay(0)
    await send(bob)
    await arrived(bob)
  })

  it('keeps a message while all nodes are stopped, and sends it on when one is back', async () => {
    const bob = someoneAtB()
    await network.stopOverlay(1)
    const failures = await failuresOfA()
    await send(bob)
    await until('two look-ups that failed', async () => (await failuresOfA()) >= failures + 2)
    expect(await bodiesIn(network.client(bob, 'B'), box)).to.deep.equal([])
    await network.startOverlay(1)
    await arrived(bob)
    await network.startOverlay(0)
  })

  describe('whose only node', () => {
    let node: LyingLookup
    before(async () => {
      node = await LyingLookup.start()
      await network.reconfigure('A', (config) => ({
        ...config,
        overlay: { ...config.overlay, urls: [node.url] },
        routes: { ...config.routes, lookupTimeoutMs: 300 },
      }))
    })
    after(() => node[Symbol.asyncDispose]())

    const faults: { name: string; reply: Reply; fails: boolean }[] = [
      { name: 'keeps still', reply: null, fails: true },
      { name: 'answers 500', reply: 500, fails: true },
      { name: 'answers no JSON', reply: 'hello', fails: true },
      { name: 'answers another kind', reply: '{"type":"freeform","result":[]}', fails: true },
      {
        name: 'answers no BEEF',
        reply: '{"type":"output-list","outputs":[{"beef":"00","outputIndex":0}]}',
        fails: true,
      },
      { name: 'answers nothing, as for a user whom nobody hosts', reply: [], fails: false },
    ]
    for (const { name, reply, fails } of faults) {
      it(`${name}: the message waits, and goes when the node does better`, async () => {
        const bob = someoneAtB()
        node.reply = () => reply
        const failures = await failuresOfA()
        await send(bob)
        await until('two questions', () => node.asksFor(bob.key) >= 2)
        if (fails) await until('a failed look-up', async () => (await failuresOfA()) > failures)
        expect(await bodiesIn(network.client(bob, 'B'), box)).to.deep.equal([])
        node.reply = (user) => lookUp(network.overlayUrls[0]!, user, { includeSpent: true })
        await arrived(bob, 40_000)
      })
    }
  })

  describe('with a node that lies beside one that does not', () => {
    const host = new IdentityWallet(randomBytes(32).toString('hex'))
    let liar: LyingLookup
    let trap: TrapHost
    /** Nobody is led here by anything true. */
    let neverCalled: TrapHost
    before(async () => {
      liar = await LyingLookup.start()
      // The honest answer is there first, so that it is not for want of time that it counts.
      liar.delayMs = 150
      trap = await TrapHost.start()
      neverCalled = await TrapHost.start()
      await network.reconfigure('A', (config) => ({
        ...config,
        overlay: { ...config.overlay, urls: [liar.url, network.overlayUrls[0]!] },
        routes: { ...config.routes, lookupTimeoutMs: 5_000 },
      }))
    })
    after(async () => {
      await liar[Symbol.asyncDispose]()
      await trap[Symbol.asyncDispose]()
      await neverCalled[Symbol.asyncDispose]()
    })

    const fresh = () => ({ issuedAtMs: Date.now() - 1_000, expiresAtMs: Date.now() + 30 * dayMs })
    const lies: { name: string; make: (bob: Person) => Promise<ShownOutput[]> }[] = [
      {
        name: 'forged: signed by another in the user’s name',
        make: async (bob) => {
          const terms = { userKey: bob.key, origin: trap.url, dates: fresh() }
          return putOnChain(network.chainUrl, [await tokenScript(host, newPerson().wallet, terms)])
        },
      },
      {
        name: 'true, but of another user',
        make: async () => {
          const other = newPerson()
          const terms = { userKey: other.key, origin: trap.url, dates: fresh() }
          return putOnChain(network.chainUrl, [await tokenScript(host, other.wallet, terms)])
        },
      },
      {
        name: 'expired since yesterday',
        make: async (bob) => {
          const dates = { issuedAtMs: Date.now() - 31 * dayMs, expiresAtMs: Date.now() - dayMs }
          const script = await tokenScript(host, bob.wallet, { userKey: bob.key, origin: trap.url, dates })
          return putOnChain(network.chainUrl, [script])
        },
      },
      {
        name: 'issued for tomorrow, or for too long a life',
        make: async (bob) => {
          const dates = [
            { issuedAtMs: Date.now() + dayMs, expiresAtMs: Date.now() + 30 * dayMs },
            { issuedAtMs: Date.now() - 1_000, expiresAtMs: Date.now() + 500 * dayMs },
          ]
          const terms = { userKey: bob.key, origin: trap.url }
          const scripts = dates.map((these) => tokenScript(host, bob.wallet, { ...terms, dates: these }))
          return putOnChain(network.chainUrl, await Promise.all(scripts))
        },
      },
      {
        name: 'in no block of the chain',
        make: async (bob) => {
          const terms = { userKey: bob.key, origin: trap.url, dates: fresh() }
          return [putInNoBlock(await tokenScript(host, bob.wallet, terms))]
        },
      },
    ]
    for (const { name, make } of lies) {
      it(`never uses a token that is ${name}`, async () => {
        const [hosted, homeless] = [someoneAtB(), newPerson()]
        const shown = new Map<string, ShownOutput[]>([
          [hosted.key, await make(hosted)],
          [homeless.key, await make(homeless)],
        ])
        liar.reply = (user) => shown.get(user) ?? []
        await Promise.all([send(hosted), send(homeless)])
        await arrived(hosted)
        await until('two questions for who has no home', () => liar.asksFor(homeless.key) >= 2)
        expect(trap.connections, 'calls to where the lie leads').to.equal(0)
        expect(await bodiesIn(network.client(homeless, 'A'), box), 'waits where it was sent').to.deep.equal(['hello'])
      })
    }

    it('never uses a token that is spent, though the liar shows it as live', async () => {
      const bob = newPerson()
      await network.authorize(bob, 'C')
      const live = await lookUp(network.overlayUrls[0]!, bob.key)
      expect(live).to.have.length(1)
      await network.client(bob, 'C').revokeRouting()
      await until('the spend of the token', async () => {
        const all = await lookUp(network.overlayUrls[0]!, bob.key, { includeSpent: true })
        return all.length === 1 && all[0]?.context !== undefined
      })
      liar.reply = () => live
      await send(bob)
      await until('two questions', () => liar.asksFor(bob.key) >= 2)
      await expectNoCallsToC()
      await network.authorize(bob, 'B')
      await arrived(bob, 40_000)
      await expectNoCallsToC()
    })

    it('does use a token of the same making when it is true', async () => {
      const bob = newPerson()
      const terms = { userKey: bob.key, origin: trap.url, dates: fresh() }
      const shown = await putOnChain(network.chainUrl, [await tokenScript(host, bob.wallet, terms)])
      liar.reply = () => shown
      await send(bob)
      await until('a call', () => trap.connections > 0)
    })

    it('believes no spend that is only said: mail goes on', async () => {
      const bob = someoneAtB()
      const live = await lookUp(network.overlayUrls[0]!, bob.key)
      liar.reply = () => live.map(saidToBeSpent)
      await send(bob)
      await arrived(bob)
    })

    /** As many as fit into an answer, true in all but the user's signature. */
    const flood = async (bob: Person): Promise<ShownOutput[]> => {
      const forger = newPerson()
      const scripts = Array.from({ length: 250 }, (_, index) => {
        const dates = { issuedAtMs: Date.now() - 1_000 - index, expiresAtMs: Date.now() + 30 * dayMs }
        return tokenScript(host, forger.wallet, { userKey: bob.key, origin: neverCalled.url, dates })
      })
      return putOnChain(network.chainUrl, await Promise.all(scripts))
    }
    const floods: { name: string; reply: (bob: Person) => Promise<Reply> }[] = [
      { name: 'shows 250 forged adverts of the user', reply: async (bob) => aggregated(await flood(bob)) },
      { name: 'shows 10,000 adverts of the user', reply: async (bob) => aggregated(await flood(bob), 10_000) },
      { name: 'answers without end', reply: () => Promise.resolve(endlessly) },
      { name: 'answers in drips', reply: () => Promise.resolve(inDrips) },
    ]
    for (const { name, reply } of floods) {
      it(`finds the home within 2 s beside a node that ${name}`, async () => {
        const bob = someoneAtB()
        const lie = await reply(bob)
        liar.reply = () => lie
        const startMs = performance.now()
        await send(bob)
        await arrived(bob)
        expect(performance.now() - startMs).to.be.lessThan(2_000)
        expect(neverCalled.connections).to.equal(0)
      })
    }

    it('never uses a token that was spent and is on chain again, minted by a stranger', async () => {
      const bob = newPerson()
      await network.authorize(bob, 'C')
      const [live] = await lookUp(network.overlayUrls[0]!, bob.key)
      const script = Transaction.fromBEEF(live!.beef).outputs[live!.outputIndex]!.lockingScript.toBinary()
      await network.client(bob, 'C').revokeRouting()
      await until('the spend of the token', async () => (await lookUp(network.overlayUrls[0]!, bob.key)).length === 0)
      const copy = await putOnChain(network.chainUrl, [Uint8Array.from(script)])
      liar.reply = () => copy
      await send(bob)
      await until('two questions', () => liar.asksFor(bob.key) >= 2)
      await expectNoCallsToC()
      await network.authorize(bob, 'B')
      await arrived(bob, 40_000)
      await expectNoCallsToC()
    })

    it('is not kept from a home by a node that hides it', async () => {
      const bob = someoneAtB()
      liar.reply = () => []
      await send(bob)
      await arrived(bob)
    })
  })

  describe('at the end of all that', () => {
    it('has given up no message, and holds no copy of what it delivered', async () => {
      // What has no home, or waits for where the true token of a stranger leads, is still there.
      await network.kill('A')
      await network.restart('A')
      const { url } = network.host('A')
      expect(await until('a count of the outbox', () => outboxOf(url))).to.include({ failed: 0, unrouted: 5 })
      expect(delivered).to.have.length(21)
      for (const person of delivered) expect(await bodiesIn(network.client(person, 'A'), box)).to.deep.equal([])
    })
  })

  async function expectNoCallsToC(): Promise<void> {
    const text = await (await fetch(`${network.host('C').url}/metrics`)).text()
    expect(text).not.to.include('route="/propagateMessage')
  }
})
