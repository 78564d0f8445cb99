import { expect } from 'chai'
import type { PropagateMessageJson } from '@overpost/protocol'
import { ForeignHost, newForwardId, propagated } from '../support/foreign-host.ts'
import { bodiesIn, newPerson } from '../support/person.ts'
import { TestNetwork } from '../support/test-network.ts'

const hourMs = 3_600_000
const box = 'inbox'

/** Must hold 8 of issue 4, on a host that is a process of its own: hosts of the test's own hand in what Alice signed. */
describe('a host that is not honest about what it carries', function () {
  this.timeout(60_000)

  let network: TestNetwork
  let mallory: ForeignHost
  let other: ForeignHost
  const [alice, bob, carol] = [newPerson(), newPerson(), newPerson()]

  before(async () => {
    network = await TestNetwork.start({ hosts: 1 })
    for (const person of [bob, carol]) await network.client(person, 'A').authorizeRouting()
    mallory = new ForeignHost(network.host('A'), network.transport)
    other = new ForeignHost(network.host('A'), network.transport)
  })
  after(() => network[Symbol.asyncDispose]())

  const listed = async () =>
    (await Promise.all([bob, carol].map((who) => bodiesIn(network.client(who, 'A'), box)))).flat()
  const statusOf = async (host: ForeignHost, item: unknown) => {
    const { status, json } = await host.propagate(item)
    return { status, code: (json as { code?: string }).code }
  }
  const unproven = { status: 403, code: 'ERR_SENDER_LINKAGE_VERIFICATION_FAILED' }

  const changes: { name: string; change: (item: PropagateMessageJson) => object }[] = [
    { name: 'its body', change: (item) => ({ signedMessage: { ...item.signedMessage, body: 'changed' } }) },
    { name: 'its recipient', change: (item) => ({ signedMessage: { ...item.signedMessage, recipient: carol.key } }) },
    { name: 'its box', change: (item) => ({ signedMessage: { ...item.signedMessage, messageBox: 'payment_inbox' } }) },
    { name: 'its id', change: (item) => ({ signedMessage: { ...item.signedMessage, messageId: 'another' } }) },
    { name: 'its time, forward', change: (item) => ({ timestamp: item.timestamp + 1 }) },
    { name: 'its time, back', change: (item) => ({ timestamp: item.timestamp - hourMs }) },
    { name: 'its sender', change: () => ({ originalSender: carol.key }) },
  ]
  for (const { name, change } of changes) {
    it(`changes ${name}: refused, and nothing is stored`, async () => {
      const item = await propagated({ sender: alice, recipient: bob })
      expect(await statusOf(mallory, { ...item, ...change(item) })).to.deep.equal(unproven)
      expect(await listed()).to.deep.equal([])
    })
  }

  it('plays an envelope again through another host: taken once, also after the acknowledgement and a kill -9', async () => {
    const item = await propagated({ sender: alice, recipient: bob, body: 'pay me once' })
    expect((await other.propagate(item)).json)
      .to.deep.include({ status: 'success' })
      .and.not.have.property('duplicate')
    const again = async () => (await mallory.propagate({ ...item, forwardId: newForwardId() })).json
    expect(await again()).to.deep.include({ status: 'success', duplicate: true })
    expect(await listed()).to.deep.equal(['pay me once'])
    const client = network.client(bob, 'A')
    const { messages } = await client.list({ box })
    expect(await client.acknowledge(messages.map((message) => ({ ...message, box })))).to.equal(1)
    expect(await again(), 'after the acknowledgement').to.deep.include({ status: 'success', duplicate: true })
    await network.kill('A')
    await network.restart('A')
    expect(await again(), 'after a kill').to.deep.include({ status: 'success', duplicate: true })
    expect(await listed()).to.deep.equal([])
  })

  it('plays one that is older than what is remembered, or from the future: refused', async () => {
    const old = await propagated({ sender: alice, recipient: bob, sentAtMs: Date.now() - 8 * 24 * hourMs })
    expect(await statusOf(mallory, old)).to.deep.equal({ status: 400, code: 'ERR_TOO_OLD' })
    const later = await propagated({ sender: alice, recipient: bob, sentAtMs: Date.now() + hourMs })
    expect(await statusOf(mallory, later)).to.deep.equal({ status: 425, code: 'ERR_TOO_EARLY' })
    expect(await listed()).to.deep.equal([])
  })
})
