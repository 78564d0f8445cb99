import { parseDeliveryFailure, type DeliveryFailure } from '@overpost/protocol'
import { expect } from 'chai'
import { newPerson, type Person } from '../support/person.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

const box = 'inbox'

describe('every message has one end, and its sender sees which', function () {
  this.timeout(120_000)

  let network: TestNetwork
  const [alice, bob, nobody] = [newPerson(), newPerson(), newPerson()]

  before(async () => {
    network = await TestNetwork.start({ hosts: 2 })
    await network.authorize(alice, 'A')
    await network.authorize(bob, 'B')
    await network.reconfigure('A', (config) => ({
      ...config,
      outbox: {
        ...config.outbox,
        ageLimitMs: 6_000,
        delayNoticeMs: 2_000,
        backoffMostMs: 1_000,
        unroutedMostMs: 1_000,
      },
    }))
  })
  after(() => network[Symbol.asyncDispose]())

  const send = async (to: Person, body: string): Promise<string> => {
    const [sent] = await network.client(alice, 'A').send({ recipient: to.key, box, body, messageId: body })
    return sent?.handle ?? 'none'
  }
  const stateOf = async (handle: string) => (await network.client(alice, 'A').status([handle]))[0]?.state
  const becomes = (handle: string, state: string) => until(state, async () => (await stateOf(handle)) === state, 30_000)

  async function noticesOf(handle: string): Promise<DeliveryFailure[]> {
    const found: DeliveryFailure[] = []
    for await (const { body, sender, verified } of network
      .client(alice, 'A')
      .listAll({ box: 'delivery_failures', withEnvelope: true })) {
      const notice = parseDeliveryFailure(body)
      if (notice?.handle !== handle) continue
      expect([sender, verified]).to.deep.equal([network.host('A').identityKey, true])
      found.push(notice)
    }
    return found
  }

  it('delivered elsewhere', async () => {
    const handle = await send(bob, 'one')
    await becomes(handle, 'delivered')
    const [status] = await network.client(alice, 'A').status([handle])
    expect(status?.destinations?.[0]).to.include({ hostKey: network.host('B').identityKey, state: 'delivered' })
    expect(await network.client(bob, 'A').status([handle])).to.containSubset([{ state: 'unknown' }])
  })

  it('delivered here, and acknowledged, across a kill of the host', async () => {
    const handle = await send(alice, 'to myself')
    expect(await stateOf(handle)).to.equal('delivered')
    await network.kill('A')
    await network.restart('A')
    expect(await stateOf(handle)).to.equal('delivered')
    await network.client(alice, 'A').acknowledge([{ box, sender: alice.key, messageId: 'to myself' }])
    expect(await stateOf(handle)).to.equal('acknowledged')
  })

  it('no home: a notice that it waits, then one bounce, and the copy is gone', async () => {
    const handle = await send(nobody, 'to nobody')
    await becomes(handle, 'returned')
    const notices = await noticesOf(handle)
    expect(notices.map(({ kind, code }) => `${kind} ${code}`)).to.deep.equal([
      'delayed ERR_NO_ROUTE',
      'returned ERR_NO_ROUTE',
    ])
    expect((await network.client(nobody, 'A').list({ box })).messages).to.deep.equal([])
  })

  it('too old behind a host that is down: one bounce each, though this host is killed around it', async () => {
    await network.kill('B')
    const handles = await Promise.all(Array.from({ length: 20 }, (_, index) => send(bob, `late ${index}`)))
    expect(await stateOf(handles[0] ?? '')).to.equal('waiting')
    for (let round = 0; round < 3; round += 1) {
      await until(
        'a bounce, or the next kill',
        async () => (await stateOf(handles[round] ?? '')) === 'returned',
        30_000,
      )
      await network.kill('A')
      await network.restart('A')
    }
    for (const handle of handles) await becomes(handle, 'returned')
    for (const handle of handles) {
      const returned = (await noticesOf(handle)).filter(({ kind }) => kind === 'returned')
      expect(returned.map(({ code }) => code)).to.deep.equal(['ERR_EXPIRED'])
    }
    await network.restart('B')
    const later = await send(bob, 'after all')
    await becomes(later, 'delivered')
    const { messages } = await network.client(bob, 'B').list({ box })
    expect(messages.map(({ body }) => body)).to.have.members(['one', 'after all'])
  })

  it('refused for good by the other host: one bounce, with its code', async () => {
    // A knows the way, so that the envelope is verified by B alone.
    await becomes(await send(bob, 'on the way'), 'delivered')
    const client = network.client(alice, 'A')
    const to = { recipient: bob.key, box, body: 'swapped' }
    const [honest, other] = [
      await client.prepare({ ...to, messageId: 'honest' }),
      await client.prepare({ ...to, messageId: 'other' }),
    ]
    const requests = honest.requests.map((request, index) => {
      const envelope = other.requests[index]?.message.envelope
      return { ...request, message: { ...request.message, ...(envelope === undefined ? {} : { envelope }) } }
    })
    const [sent] = await client.send({ ...honest, requests })
    await becomes(sent?.handle ?? '', 'returned')
    const notices = await noticesOf(sent?.handle ?? '')
    expect(notices.map(({ code }) => code)).to.deep.equal(['ERR_SENDER_LINKAGE_VERIFICATION_FAILED'])
  })
})
