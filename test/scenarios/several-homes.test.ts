import { HomesClient } from '@overpost/client'
import { expect } from 'chai'
import type { SyncAcknowledgementsJson } from '@overpost/protocol'
import { ForeignHost } from '../support/foreign-host.ts'
import { bodiesIn, newPerson } from '../support/person.ts'
import { report } from '../support/report.ts'
import { TestNetwork, withShortPauses } from '../support/test-network.ts'
import { until } from '../support/until.ts'

const box = 'inbox'
const names = ['B', 'C', 'D']

/** Bob has three homes, real processes each. Alice sends at A, which is none of them, and at B. */
describe('a user with three homes', function () {
  this.timeout(120_000)

  let network: TestNetwork
  const [alice, bob, mallory] = [newPerson(), newPerson(), newPerson()]

  before(async () => {
    network = await TestNetwork.start({ hosts: 4, configure: withShortPauses })
    for (const name of names) await network.authorize(bob, name)
  })
  after(() => network[Symbol.asyncDispose]())

  const send = (body: string) => network.client(alice, 'A').send({ recipient: bob.key, box, body })
  const at = (name: string) => bodiesIn(network.client(bob, name), box)
  const everywhere = (body: string, hosts = names) =>
    until(`${body} at ${hosts.join(', ')}`, async () =>
      (await Promise.all(hosts.map(at))).every((bodies) => bodies.includes(body)),
    )
  const homes = () =>
    new HomesClient({
      ...{ wallet: bob.wallet, transport: network.transport, verifier: network.verifier, timeoutMs: 5_000 },
      hosts: names.map((name) => ({ host: network.host(name).url, expectedHostKey: network.host(name).identityKey })),
    })
  const nameOf = async (body: string) => {
    const { messages } = await homes().list({ box })
    const found = messages.find((message) => message.body === body)
    if (found === undefined) throw new Error(`${body} is not listed`)
    return found
  }

  it('gets every message at each of them, sees it once, and acknowledges it at all', async () => {
    await send('to all')
    await everywhere('to all')
    const { messages, failed } = await homes().list({ box })
    expect(messages.map(({ body, hosts }) => ({ body, hosts: hosts.length }))).to.deep.equal([
      { body: 'to all', hosts: 3 },
    ])
    expect(failed).to.deep.equal([])
    await homes().acknowledge(messages)
    for (const name of names) expect(await at(name), name).to.deep.equal([])
  })

  it('gets at each what is sent at one of them, which knew nothing of the others', async () => {
    await network.client(alice, 'B').send({ recipient: bob.key, box, body: 'sent at a home' })
    await everywhere('sent at a home')
    const { messages } = await homes().list({ box })
    expect(messages.map(({ body, hosts }) => ({ body, hosts: hosts.length }))).to.deep.equal([
      { body: 'sent at a home', hosts: 3 },
    ])
    await homes().acknowledge(messages)
    for (const name of names) expect(await at(name), name).to.deep.equal([])
  })

  for (const up of names) {
    it(`gets a message once while only ${up} is up, and what it acknowledges there clears the others within 5 s after they are back`, async () => {
      const down = names.filter((name) => name !== up)
      const body = `only ${up}`
      await send(body)
      await everywhere(body)
      for (const name of down) await network.kill(name)
      const { messages, failed } = await homes().list({ box })
      expect(messages.map((message) => message.body)).to.deep.equal([body])
      expect(failed).to.have.length(2)
      await homes().acknowledge(messages)
      expect(await at(up)).to.deep.equal([])

      await Promise.all(down.map((name) => network.restart(name)))
      const backAtMs = performance.now()
      await until('empty boxes', async () => (await Promise.all(names.map(at))).flat().length === 0, 5_000)
      report(`cleared ${Math.round(performance.now() - backAtMs)} ms after both were back`)
    })
  }

  it('is spared a message that comes to a home after it was acknowledged at another', async () => {
    await network.kill('C')
    await send('late')
    await everywhere('late', ['B', 'D'])
    await homes().acknowledge([await nameOf('late')])
    await network.restart('C')
    // What comes after it says that the queue to C went through.
    await send('later')
    await everywhere('later')
    await until('C without it', async () => !(await at('C')).includes('late'), 5_000)
    expect(await at('C')).to.deep.equal(['later'])
    await homes().acknowledge([await nameOf('later')])
    await until('empty boxes', async () => (await Promise.all(names.map(at))).flat().length === 0, 5_000)
  })

  it('loses nothing to what a stranger says, or a home of theirs, or a forged signature', async () => {
    await send('precious')
    await everywhere('precious')
    const { sender, messageId } = await nameOf('precious')
    const named = [{ messageBox: box, sender, messageId }]
    const request: SyncAcknowledgementsJson = { recipient: bob.key, messages: named }
    const stranger = new ForeignHost(network.host('C'), network.transport)
    const hostB = new ForeignHost(network.host('C'), network.transport, network.privateKey('B'))
    const said = async (host: ForeignHost, json: unknown) => {
      const { status, json: answer } = await host.call('/syncAcknowledgements', json)
      return { ...(answer as { code?: string; marked?: number; acknowledged?: number }), status }
    }
    expect(await said(stranger, request)).to.include({ status: 404, code: 'ERR_NOT_AUTHORIZED' })
    const forged = { ...request, acknowledgement: { timestamp: Date.now(), signature: '3006020101020101' } }
    expect(await said(hostB, forged)).to.include({ status: 400, code: 'ERR_SIGNATURE_INVALID' })
    expect(await at('C')).to.deep.equal(['precious'])

    expect(await said(hostB, request)).to.include({ status: 200, marked: 1, acknowledged: 0 })
    expect(await at('C')).to.deep.equal(['precious'])
    const { messages } = await network.client(bob, 'C').list({ box })
    expect(messages[0]).to.include({ acknowledgedElsewhere: true })
    const byMallory = await network.client(mallory, 'C').acknowledge([{ box, sender, messageId }])
    expect(byMallory).to.equal(0)
    for (const name of names) expect(await at(name), name).to.deep.equal(['precious'])
  })
})
