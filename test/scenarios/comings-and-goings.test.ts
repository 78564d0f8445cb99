import { Transaction } from '@bsv/sdk'
import { expect } from 'chai'
import { expectDrained } from '../support/drained.ts'
import { lookUp } from '../support/overlay-lookup.ts'
import { bodiesIn, newPerson } from '../support/person.ts'
import { TestNetwork } from '../support/test-network.ts'
import { putOnChain } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const box = 'inbox'

/** Must hold 5 of issue 4: at each step mail goes where Bob says. Alice sends at A, which follows the overlay's feed. */
describe('a user who leaves, returns, moves and withdraws', function () {
  this.timeout(120_000)

  let network: TestNetwork
  const [alice, bob] = [newPerson(), newPerson()]

  before(async () => {
    network = await TestNetwork.start({ hosts: 3 })
    await network.authorize(bob, 'B')
  })
  after(() => network[Symbol.asyncDispose]())

  const at = (name: string) => network.client(bob, name)
  const send = (body: string) => network.client(alice, 'A').send({ recipient: bob.key, box, body })
  const listedAt = (name: string) => bodiesIn(at(name), box)
  const arrives = (name: string, body: string) =>
    until(`${body} at ${name}`, async () => (await listedAt(name)).includes(body))
  const shown = (includeSpent: boolean) => lookUp(network.overlayUrls[0]!, bob.key, { includeSpent })
  /** A heard it from the feed within a second of the node. */
  const known = async (what: string, look: () => Promise<boolean>): Promise<void> => {
    await until(what, look)
    const seenAtMs = performance.now()
    await until('a second', () => performance.now() >= seenAtMs + 1_000)
  }

  it('gets mail at B', async () => {
    await send('1 at B')
    await arrives('B', '1 at B')
  })

  it('leaves B: what comes then waits where it was sent, and nothing goes to B', async () => {
    await at('B').revokeRouting()
    await known('no advert', async () => (await shown(false)).length === 0)
    await send('2 nowhere')
    expect(await listedAt('A')).to.deep.equal(['2 nowhere'])
    expect(await listedAt('B')).to.deep.equal(['1 at B'])
  })

  it('returns to B: new mail goes there', async () => {
    await network.authorize(bob, 'B')
    await send('3 at B')
    await arrives('B', '3 at B')
  })

  it('moves to C: new mail goes there, and not to B', async () => {
    await network.authorize(bob, 'C')
    await at('B').revokeRouting()
    await known('one advert', async () => (await shown(false)).length === 1)
    await send('4 at C')
    await arrives('C', '4 at C')
    await expectDrained(network, 'A')
    expect(await listedAt('B')).to.not.include('4 at C')
  })

  it('withdraws B without its help, although B took him back', async () => {
    await network.authorize(bob, 'B')
    await send('5 at both')
    await arrives('B', '5 at both')
    await arrives('C', '5 at both')
    await network.kill('B')
    await at('C').withdraw(network.host('B').identityKey, { waitMs: 20_000 })
    await known('one advert and a withdrawal', async () => {
      const live = await shown(false)
      return live.length === 2 && !live.some(({ beef }) => holds(beef, network.host('B').url))
    })
    await send('6 at C')
    await arrives('C', '6 at C')
    await network.restart('B')
    await expectDrained(network, 'A')
    expect(await listedAt('B')).to.not.include('6 at C')
  })

  it('is brought back to B by nobody who puts its old tokens on chain again', async () => {
    const old = (await shown(true)).filter(({ beef }) => holds(beef, network.host('B').url))
    expect(old).to.not.have.length(0)
    const scripts = old.map(({ beef, outputIndex }) =>
      Uint8Array.from(Transaction.fromBEEF(beef).outputs[outputIndex]!.lockingScript.toBinary()),
    )
    const [again] = await putOnChain(network.chainUrl, scripts)
    for (const url of network.overlayUrls) {
      const headers = { 'content-type': 'application/octet-stream', 'x-topics': '["tm_phip"]' }
      const answer = await fetch(`${url}/submit`, { method: 'POST', headers, body: Uint8Array.from(again!.beef) })
      const { tm_phip: admitted } = (await answer.json()) as { tm_phip?: { outputsToAdmit: number[] } }
      expect(admitted?.outputsToAdmit, 'they are what they were').to.have.length(scripts.length)
    }
    // What is admitted is heard of: A has asked again when the second has passed.
    await known('the copies admitted', () => Promise.resolve(true))
    await send('7 at C')
    await arrives('C', '7 at C')
    await expectDrained(network, 'A')
    expect(await listedAt('B')).to.not.include('7 at C')
  })
})

function holds(beef: readonly number[], text: string): boolean {
  return Buffer.from(beef).includes(text)
}
