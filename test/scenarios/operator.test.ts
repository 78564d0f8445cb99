import { expect } from 'chai'
import { bodiesIn, newPerson } from '../support/person.ts'
import { runOverpost } from '../support/run-overpost.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

const box = 'inbox'
const token = 'a token of twenty characters or more'.replaceAll(' ', '-')

interface Queued {
  readonly id: number
  readonly messageId: string
  readonly held: boolean
}

describe('an operator', function () {
  this.timeout(120_000)

  let network: TestNetwork
  const [alice, bob] = [newPerson(), newPerson()]
  before(async () => {
    network = await TestNetwork.start({ hosts: 2 })
    await network.authorize(bob, 'B')
    await network.reconfigure('A', (config) => ({ ...config, operator: { token } }))
    process.env['OVERPOST_OPERATOR_TOKEN'] = token
  })
  after(async () => {
    Reflect.deleteProperty(process.env, 'OVERPOST_OPERATOR_TOKEN')
    await network[Symbol.asyncDispose]()
  })

  const operate = async (...words: readonly string[]) => {
    const { code, out, err } = await runOverpost(...words, '--host', network.host('A').url, '--json')
    expect([code, err]).to.deep.equal([0, ''])
    return out
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as unknown)
  }
  const queued = async () => (await operate('queue', 'list', '--messages')) as Queued[]
  const send = (messageId: string) =>
    network.client(alice, 'A').send({ recipient: bob.key, box, body: messageId, messageId })
  const arrived = (messageIds: readonly string[]) =>
    until(`${messageIds.join(' and ')} at Bob's`, async () => {
      const bodies = await bodiesIn(network.client(bob, 'B'), box)
      return messageIds.every((id) => bodies.includes(id)) && bodies
    })

  it('sees a host that is down, holds mail over a restart, lets it go, and keeps a sender out', async () => {
    await send('first')
    await arrived(['first'])
    await until('nothing to wait at A', async () => (await queued()).length === 0)
    await network.kill('B')
    for (const id of ['kept back', 'carried']) await send(id)
    const [peer] = await until('an open breaker', async () => {
      const [peers] = (await operate('peers')) as Record<string, unknown>[][]
      return peers?.[0]?.['breaker'] === 'open' && peers
    })
    expect(peer).to.include({ host: network.host('B').identityKey, waiting: 2 })
    expect(peer?.['lastError']).to.be.a('string')
    expect(peer?.['failures']).to.be.greaterThan(0)

    const held = (await queued()).find(({ messageId }) => messageId === 'kept back')
    expect(await operate('queue', 'hold', String(held?.id))).to.deep.equal([{ changed: 1, of: 1 }])
    await network.kill('A')
    await network.restart('A')
    await network.restart('B')
    expect(await arrived(['carried'])).to.not.include('kept back')
    await until('all but what is held to be gone', async () => (await queued()).length === 1)
    expect((await queued())[0]).to.include({ messageId: 'kept back', held: true })
    await operate('queue', 'release', '--all')
    expect(await arrived(['kept back'])).to.have.members(['first', 'carried', 'kept back'])

    await operate('deny', 'sender', alice.key, '--note', 'enough')
    const refused = await send('more').catch((error: unknown) => error)
    expect(refused).to.include({ code: 'ERR_DELIVERY_BLOCKED', status: 403 })
    await operate('rules', alice.key, '--forget', 'sender')
    await send('more')
    await arrived(['more'])
  })
})
