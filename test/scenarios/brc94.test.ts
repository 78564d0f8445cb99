import { setTimeout as sleep } from 'node:timers/promises'
import { AuthFetch, PrivateKey, ProtoWallet, type WalletInterface } from '@bsv/sdk'
import type { ListedMessage, MessageBoxClient } from '@overpost/client'
import { expect } from 'chai'
import { newPerson } from '../support/person.ts'
import { TestNetwork } from '../support/test-network.ts'

const box = 'inbox'

/** Must hold 2 of issue 4: the SDK's own client against processes, tokens on chain, restarts between. */
describe('a sender whose client signs no envelope', function () {
  this.timeout(120_000)

  let network: TestNetwork
  const [alice, bob, carol, dave] = [newPerson(), newPerson(), newPerson(), newPerson()]
  const stock = new AuthFetch(new ProtoWallet(PrivateKey.fromHex(alice.privateKey)) as unknown as WalletInterface)

  before(async () => {
    network = await TestNetwork.start({ hosts: 3 })
    await network.authorize(dave, 'A')
    await network.authorize(bob, 'B')
    await network.authorize(carol, 'C')
  })
  after(() => network[Symbol.asyncDispose]())

  const send = async (name: string, body: string) => {
    const recipients = [bob, carol, dave].map(({ key }) => key)
    const messageId = recipients.map((_, index) => `${name} ${index}`)
    const { status } = await stock.fetch(`${network.host('A').url}/sendMessage`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ message: { recipients, messageBox: box, messageId, body } }),
    })
    expect(status).to.equal(200)
  }
  /** The message of that name, once it is there. */
  const arrived = async (client: MessageBoxClient, body: string): Promise<ListedMessage> => {
    const endMs = Date.now() + 20_000
    while (Date.now() < endMs) {
      const { messages } = await client.list({ box, withEnvelope: true })
      const found = messages.find((message) => message.body === body)
      if (found !== undefined) return found
      await sleep(100)
    }
    throw new Error(`${body} did not arrive`)
  }
  const expectAll = async (body: string) => {
    const { identityKey } = network.host('A')
    const shown = { sender: alice.key, verified: false }
    const vouched = { ...shown, proof: 'brc94', originHost: identityKey, vouchedBy: identityKey }
    expect(await arrived(network.client(bob, 'B'), body)).to.deep.include(vouched)
    expect(await arrived(network.client(carol, 'C'), body)).to.deep.include(vouched)
    expect(await arrived(network.client(dave, 'A'), body)).to.deep.include({
      ...shown,
      proof: 'local',
      vouchedBy: null,
    })
  }

  it('reaches recipients on three hosts with one request of stock AuthFetch, and each is shown who vouches', async () => {
    await send('first', 'to three hosts')
    await expectAll('to three hosts')
  })

  it('is believed by a host that was killed and has forgotten the linkage: it is shown again', async () => {
    await network.kill('B')
    await network.restart('B')
    await send('second', 'after a kill')
    await expectAll('after a kill')
  })

  it('is believed when the sending host was killed with the messages still waiting', async () => {
    await network.kill('B')
    await network.kill('C')
    await send('third', 'kept over a kill')
    await network.kill('A')
    for (const name of ['A', 'B', 'C']) await network.restart(name)
    await expectAll('kept over a kill')
  })
})
