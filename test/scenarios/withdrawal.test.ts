import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HTTPWalletJSON, Transaction } from '@bsv/sdk'
import { expect } from 'chai'
import { expectDrained } from '../support/drained.ts'
import { runOverpost } from '../support/run-overpost.ts'
import { lookUp } from '../support/overlay-lookup.ts'
import { bodiesIn, newPerson } from '../support/person.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

const box = 'inbox'

/** Must hold 5 of issue 4: Bob withdraws B through C while B is down, by the command line. Alice sends at A, which knew the way to B. */
describe('a user who withdraws from a host that is gone', function () {
  this.timeout(120_000)

  let network: TestNetwork
  const [alice, bob] = [newPerson(), newPerson()]

  before(async () => {
    network = await TestNetwork.start({ hosts: 3 })
    await network.authorize(bob, 'B')
    await network.authorize(bob, 'C')
    writeFileSync(join(network.dir, 'bob.key'), bob.privateKey, { mode: 0o600 })
  })
  after(() => network[Symbol.asyncDispose]())

  const send = (body: string) => network.client(alice, 'A').send({ recipient: bob.key, box, body })
  const listedAt = (name: string) => bodiesIn(network.client(bob, name), box)
  const withdraw = (target: string, ...flags: string[]) =>
    runOverpost(
      ...[
        'withdraw',
        target,
        '--host',
        'C',
        '--dir',
        network.dir,
        '--key-file',
        join(network.dir, 'bob.key'),
        ...flags,
      ],
    )
  const shown = () => lookUp(network.overlayUrls[0]!, bob.key, { includeSpent: true })
  /** The transaction of the withdrawal that counts: nodes show it first. */
  const withdrawalShown = async () => Transaction.fromBEEF((await shown())[0]!.beef).id('hex')
  /** What the wallet of C holds. */
  async function tokensOfC() {
    const { wallet } = JSON.parse(readFileSync(network.configFile('C'), 'utf8')) as { wallet: { url: string } }
    const basket = new HTTPWalletJSON('overpost.host', wallet.url)
    return (await basket.listOutputs({ basket: 'overpost phip adverts', limit: 100 })).outputs
  }

  it('gets mail at both hosts before', async () => {
    await send('to both')
    await until('it at B', async () => (await listedAt('B')).length === 1)
    await until('it at C', async () => (await listedAt('C')).length === 1)
  })

  it('withdraws B through C, and gets mail at C only from then on', async () => {
    await network.kill('B')
    const said = await withdraw(network.host('B').identityKey, '--wait-ms', '20000')
    expect(said).to.include({ code: 0, err: '' })
    expect(said.out).to.match(
      new RegExp(`^the host ${network.host('B').identityKey} no longer may take .*: on chain in [0-9a-f]{64}\n$`),
    )
    await until('the withdrawal at the overlay', async () => (await shown()).length === 3)
    await network.restart('A') // what A remembers of routes holds for a minute
    await send('to c')
    await until('it at C', async () => (await listedAt('C')).length === 2)
    await network.restart('B')
    await expectDrained(network, 'A')
    expect(await listedAt('B')).to.deep.equal(['to both'])
  })

  it('publishes it once, however often it is asked and killed', async () => {
    const { identityKey } = network.host('B')
    const published = await withdrawalShown()
    const first = JSON.parse((await withdraw(identityKey, '--json', '--wait-ms', '0')).out) as Record<string, unknown>
    expect(first).to.include({ hostKey: identityKey, txid: null })
    await network.kill('C')
    await network.restart('C')
    // The later one takes the place of the earlier, whose token is spent.
    await until('the second withdrawal', async () => (await withdrawalShown()) !== published)
    await network.kill('C')
    await network.restart('C')
    await send('again')
    await until('it at C', async () => (await listedAt('C')).length === 3)
    expect(await tokensOfC(), "Bob's permission, and his withdrawal").to.have.length(2)
  })

  it('may come back to B by authorising it again', async () => {
    await network.client(bob, 'B').authorizeRouting()
    await until('the new advert', async () => (await shown()).length === 4)
    await network.kill('A')
    await network.restart('A')
    await send('back')
    await until('it at B', async () => (await listedAt('B')).length === 2)
    expect(await listedAt('B')).to.deep.equal(['to both', 'back'])
  })

  it('leaves all hosts by one word', async () => {
    const said = await withdraw('ALL', '--json', '--wait-ms', '20000')
    expect(JSON.parse(said.out)).to.include({ hostKey: 'ALL' }).and.have.property('txid').that.is.a('string')
    const refused = await network
      .client(bob, 'C')
      .revokeRouting()
      .catch((error: unknown) => error)
    expect(refused).to.have.property('code', 'ERR_NOT_AUTHORIZED')
  })
})
