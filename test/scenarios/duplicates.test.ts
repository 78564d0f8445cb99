import { RelayClientError, type ListedMessage, type MessageBoxClient } from '@overpost/client'
import { expect } from 'chai'
import { expectDrained } from '../support/drained.ts'
import { ForeignHost, newForwardId, propagated } from '../support/foreign-host.ts'
import { bodiesIn, newPerson } from '../support/person.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

/** Must hold 4, between processes: Alice sends at A, Bob reads at B. Each test has a box of its own. */
describe('duplicates across two hosts', function () {
  this.timeout(120_000)

  let network: TestNetwork
  let atA: MessageBoxClient
  let atB: MessageBoxClient
  const [alice, mallory, bob] = [newPerson(), newPerson(), newPerson()]
  let boxes = 0
  let box = ''

  before(async () => {
    network = await TestNetwork.start({ hosts: 2 })
    await network.authorize(bob, 'B')
    atA = network.client(alice, 'A')
    atB = network.client(bob, 'B')
  })
  after(() => network[Symbol.asyncDispose]())
  beforeEach(() => {
    boxes += 1
    box = `box ${boxes}`
  })

  // Not encrypted: of two ciphertexts under one id no host can tell whether they are the same message.
  const prepare = (body: string, messageId = 'm1', from = atA) =>
    from.prepare({ recipient: bob.key, box, body, messageId, encrypt: false })

  async function listed(name = box): Promise<ListedMessage[]> {
    const messages: ListedMessage[] = []
    for await (const message of atB.listAll({ box: name, withEnvelope: true })) messages.push(message)
    return messages
  }

  const arrival = (count = 1) =>
    until(`${count} messages at B`, async () => {
      const messages = await listed()
      return messages.length >= count && messages
    })

  /**
   * Sends a marker in the same box and waits for it: A delivers what is due longest first, so what was sent before and would
   * arrive has arrived. Gives the bodies but for the marker.
   */
  async function settled(): Promise<unknown[]> {
    const marker = newPerson()
    await network.client(marker, 'A').send({ recipient: bob.key, box, body: 'the marker' })
    const messages = await until('the marker', async () => {
      const found = await listed()
      return found.some(({ sender }) => sender === marker.key) && found
    })
    return messages.filter(({ sender }) => sender !== marker.key).map(({ body }) => body)
  }

  it('are the same id and body, sent twice, before and after the delivery: listed once', async () => {
    const message = await prepare('hello')
    expect((await atA.send(message))[0]).to.include({ duplicate: false })
    await atA.send(message)
    await arrival()
    await atA.send(message)
    expect(await settled()).to.deep.equal(['hello'])
  })

  it('are the same id and body in another envelope, while the first waits at B', async () => {
    await atA.send(await prepare('hello'))
    const [first] = await arrival()
    await until('another millisecond', () => Date.now() > (first?.receivedAtMs ?? 0) + 1)
    await atA.send(await prepare('hello'))
    expect(await settled()).to.deep.equal(['hello'])
  })

  it('are two ciphertexts of one id, as clients encrypt anew on a retry: the first stays', async () => {
    const [one, other] = ['{"encryptedMessage":"AAEC"}', '{"encryptedMessage":"BBEC"}']
    await atA.send(await prepare(one))
    await arrival()
    await atA.send(await prepare(other))
    expect(await settled()).to.deep.equal([one])
  })

  it('are not the same id with another plain body: refused at a host where the first waits, never put in its place', async () => {
    const [first] = await atA.send(await prepare('hello'))
    await arrival()
    await until(
      'A knows the first as handed on',
      async () => (await atA.status([first!.handle!]))[0]!.state !== 'waiting',
    )
    // While the first waited at A, A itself would refuse. Now it is B that finds the difference, and A returns the second with its reason.
    const [second] = await atA.send(await prepare('another text'))
    const end = await until('its end', async () => {
      const [status] = await atA.status([second!.handle!])
      return status!.state !== 'waiting' && status
    })
    expect(end).to.include({ state: 'returned', reason: 'ERR_DUPLICATE_MESSAGE' })
    // Her notice waits here, as no home of hers is known, until she has read it.
    const { messages: notices } = await atA.list({ box: 'delivery_failures' })
    expect(await atA.acknowledge(notices)).to.equal(1)
    expect(await settled()).to.deep.equal(['hello'])

    const fromB = network.client(mallory, 'B')
    await fromB.send(await prepare('one', 'm2', fromB))
    const refusal = await fromB.send(await prepare('two', 'm2', fromB)).catch((error: unknown) => error)
    expect(refusal).to.be.instanceOf(RelayClientError).with.property('code', 'ERR_DUPLICATE_MESSAGE')
    expect(await settled()).to.have.members(['hello', 'the marker', 'one'])
  })

  it('are not the same id from another sender, or in another box: each is listed, and one acknowledgement removes one', async () => {
    const second = `${box} too`
    await atA.send(await prepare('from alice'))
    const fromMallory = network.client(mallory, 'A')
    await fromMallory.send(await prepare('from mallory', 'm1', fromMallory))
    await atA.send({ recipient: bob.key, box: second, body: 'in the other box', messageId: 'm1' })
    await arrival(2)
    await until('the other box', async () => (await listed(second)).length === 1)

    expect(await atB.acknowledge([{ box, sender: mallory.key, messageId: 'm1' }])).to.equal(1)
    expect((await listed()).map(({ body }) => body)).to.deep.equal(['from alice'])
    expect((await listed(second)).map(({ body }) => body)).to.deep.equal(['in the other box'])

    // BRC-33 names neither box nor sender: it acknowledges by what is listed, and that is unique.
    const bare = new ForeignHost(network.host('B'), network.transport, bob.privateKey)
    const { json } = await bare.call('/listMessages', { messageBox: second })
    const [item] = (json as { messages: { messageId: string }[] }).messages
    expect(await bare.call('/acknowledgeMessage', { messageIds: [item?.messageId] })).to.deep.equal({
      status: 200,
      json: { status: 'success', acknowledged: 1 },
    })
    expect((await listed()).map(({ body }) => body)).to.deep.equal(['from alice'])
    expect(await listed(second)).to.deep.equal([])
  })

  it('are what a host hands over again: before and after the acknowledgement, and after kills and restarts', async () => {
    const item = await propagated({ sender: alice, recipient: bob, box })
    const renamed = { ...item, forwardId: newForwardId() }
    const resigned = await propagated({ sender: alice, recipient: bob, box, messageId: item.signedMessage.messageId })
    const foreign = new ForeignHost(network.host('B'), network.transport)
    const other = new ForeignHost(network.host('B'), network.transport)
    const answer = async (host: ForeignHost, handed: typeof item): Promise<object> => {
      const { status, json } = await host.propagate(handed)
      const { duplicate = false } = json as { duplicate?: boolean }
      return { status, duplicate }
    }
    const duplicate = { status: 200, duplicate: true }

    expect(await answer(foreign, item)).to.deep.equal({ status: 200, duplicate: false })
    const expectDuplicates = async (): Promise<void> => {
      expect(await answer(foreign, item), 'the same forward').to.deep.equal(duplicate)
      expect(await answer(foreign, renamed), 'the envelope under another forward id').to.deep.equal(duplicate)
      expect(await answer(other, renamed), 'the envelope from another host').to.deep.equal(duplicate)
    }
    await expectDuplicates()
    expect(await answer(other, resigned), 'the message in another envelope, while it waits').to.deep.equal(duplicate)
    expect(await listed()).to.have.length(1)

    expect(await atB.acknowledge(await listed())).to.equal(1)
    await expectDuplicates()
    await network.kill('B')
    await network.restart('B')
    await expectDuplicates()
    await network.stop('B')
    await network.restart('B')
    await expectDuplicates()
    expect(await listed()).to.deep.equal([])
  })

  it('are a client’s retries of an envelope after the acknowledgement, at its own host and at others, after kills too', async () => {
    const message = await prepare('pay me once')
    await atA.send(message)
    expect(await atB.acknowledge(await arrival())).to.equal(1)

    // A need not know any more what it has handed on; B, where it went, does.
    const retryEverywhere = async (): Promise<void> => {
      await atA.send(message)
      expect((await network.client(alice, 'B').send(message))[0], 'at B').to.include({ duplicate: true })
    }
    await retryEverywhere()
    await Promise.all([network.kill('A'), network.kill('B')])
    await network.restart('A')
    await network.restart('B')
    await retryEverywhere()
    expect(await settled()).to.deep.equal([])
  })

  it('leave no copy at the host of the sender, and nothing that comes late', async () => {
    await expectDrained(network, 'A')
    const bobAtA = network.client(bob, 'A')
    for (let number = 1; number <= boxes; number += 1) {
      expect(await bodiesIn(bobAtA, `box ${number}`)).to.deep.equal([])
      const atHome = await listed(`box ${number}`)
      expect(atHome.map(({ body }) => body)).not.to.include('pay me once')
      const identities = atHome.map(({ sender, messageId }) => `${sender} ${messageId}`)
      expect(new Set(identities).size).to.equal(identities.length)
    }
  })
})
