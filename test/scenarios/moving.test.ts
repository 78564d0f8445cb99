import { Transaction } from '@bsv/sdk'
import { findHosts, headerServiceTracker } from '@overpost/client'
import { expect } from 'chai'
import { expectDrained } from '../support/drained.ts'
import { lookUp } from '../support/overlay-lookup.ts'
import { bodiesIn, newPerson } from '../support/person.ts'
import { report } from '../support/report.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

const box = 'inbox'

/** Bob authorises C instead of B. Alice sends at A, which knows the way to B. */
describe('a user who moves from one host to another', function () {
  this.timeout(120_000)

  let network: TestNetwork
  const [alice, bob] = [newPerson(), newPerson()]

  before(async () => {
    network = await TestNetwork.start({ hosts: 3 })
    await network.authorize(bob, 'B')
  })
  after(() => network[Symbol.asyncDispose]())

  const send = (body: string) => network.client(alice, 'A').send({ recipient: bob.key, box, body })
  const listedAt = (name: string) => bodiesIn(network.client(bob, name), box)
  const tracker = () => headerServiceTracker(network.chainUrl)
  const find = () =>
    findHosts({
      user: bob.key,
      overlays: network.overlayUrls,
      chainTracker: tracker(),
      verifier: network.verifier,
      allowHttp: true,
    })

  it('is advertised on the chain: the token’s transaction is in a block, and verifies against the header service', async () => {
    const found = await until('a token in a block', async () => {
      const { hosts } = await find()
      return hosts[0]?.height != null && hosts
    })
    expect(found.map(({ hostKey, origin }) => ({ hostKey, origin }))).to.deep.equal([
      { hostKey: network.host('B').identityKey, origin: network.host('B').url },
    ])
    const [shown] = await lookUp(network.overlayUrls[0]!, bob.key)
    const transaction = Transaction.fromBEEF(shown!.beef)
    expect(`${transaction.id('hex')}.${shown!.outputIndex}`).to.equal(found[0]?.outpoint)
    const { merklePath } = transaction
    const root = merklePath!.computeRoot(transaction.id('hex'))
    expect(await tracker().isValidRootForHeight(root, merklePath!.blockHeight), 'in that block').to.equal(true)
    expect(await tracker().isValidRootForHeight(root, merklePath!.blockHeight - 1), 'in no other').to.equal(false)
    expect(await transaction.verify(tracker()), 'and all before it').to.equal(true)
    report(`${transaction.id('hex')}, output ${shown!.outputIndex}, at height ${merklePath!.blockHeight}`)
  })

  it('gets new mail at the new host, and keeps at the old one what was there', async () => {
    await send('to b')
    await until('the first message', async () => (await listedAt('B')).length === 1)
    await network.authorize(bob, 'C')
    await network.client(bob, 'B').revokeRouting()
    await send('to c')
    await until('the second message', async () => (await listedAt('C')).length === 1)
    expect(await listedAt('C')).to.deep.equal(['to c'])
    expect(await listedAt('B')).to.deep.equal(['to b'])
    await expectDrained(network, 'A')
    expect(await listedAt('A')).to.deep.equal([])
  })

  it('has the old token spent on the chain, and is found at the new host only', async () => {
    const spent = await until('a proven spend', async () => {
      const { hosts, refused } = await find()
      return hosts.length === 1 && refused.length === 1 && { hosts, refused }
    })
    expect(spent.hosts[0]?.hostKey).to.equal(network.host('C').identityKey)
    expect(spent.refused[0]?.reason).to.equal('it is spent')

    const live = await lookUp(network.overlayUrls[0]!, bob.key)
    expect(live, 'what is live').to.have.length(1)
    const all = await lookUp(network.overlayUrls[0]!, bob.key, { includeSpent: true })
    expect(all, 'spent ones included').to.have.length(2)
    const [old] = all.filter(({ context }) => context !== undefined)
    const spender = Transaction.fromBEEF(old!.context!)
    expect(await spender.verify(tracker())).to.equal(true)
    const outpoints = spender.inputs.map(
      ({ sourceTXID, sourceTransaction, sourceOutputIndex }) =>
        `${sourceTXID ?? sourceTransaction!.id('hex')}.${sourceOutputIndex}`,
    )
    expect(outpoints).to.include(spent.refused[0]?.outpoint)
  })

  it('is refused by the old host from then on, by name', async () => {
    const again = await network
      .client(bob, 'B')
      .revokeRouting()
      .catch((error: unknown) => error)
    expect(again).to.have.property('code', 'ERR_NOT_AUTHORIZED')
  })
})
