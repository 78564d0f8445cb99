import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { bytesToHex, identityKeySchema, signHandover } from '@overpost/protocol'
import { expect } from 'chai'
import { ForeignHost, propagated } from '../support/foreign-host.ts'
import { bodiesIn, newPerson } from '../support/person.ts'
import { runOverpost } from '../support/run-overpost.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

const boxes = ['inbox', 'payments'] as const
const messages = 500

/** Bob moves from B to C with 500 messages in two boxes, and both hosts are killed on the way. */
describe('a user who moves with what waits', function () {
  this.timeout(180_000)

  let network: TestNetwork
  const [alice, bob] = [newPerson(), newPerson()]

  before(async () => {
    network = await TestNetwork.start({ hosts: 2 })
    await network.authorize(bob, 'A')
    for (const [name, { privateKey }] of Object.entries({ alice, bob })) {
      writeFileSync(join(network.dir, `${name}.key`), privateKey, { mode: 0o600 })
    }
  })
  after(() => network[Symbol.asyncDispose]())

  const listed = async (name: string) => {
    const all = await Promise.all(boxes.map((box) => bodiesIn(network.client(bob, name), box)))
    return all.flat()
  }

  it('finds each of them at the new host, once, though either host is killed again and again', async () => {
    const client = network.client(alice, 'A')
    const sent: string[] = []
    const handles: string[] = []
    const [first] = await client.send({ recipient: bob.key, box: 'inbox', body: 'acknowledged before' })
    await network.client(bob, 'A').acknowledge([{ box: 'inbox', sender: alice.key, messageId: first!.messageId }])
    for (let from = 0; from < messages; from += 50) {
      const some = Array.from({ length: 50 }, (_, index) => `message ${from + index}`)
      const answers = await Promise.all(
        some.map((body, index) => client.send({ recipient: bob.key, box: boxes[index % 2]!, body })),
      )
      sent.push(...some)
      handles.push(...answers.flatMap(([answer]) => answer?.handle ?? []))
    }
    expect((await listed('A')).toSorted()).to.deep.equal(sent.toSorted())
    // Half of what one call takes by default: so that there are calls enough to kill in between.
    await network.reconfigure('A', (config) => ({ ...config, limits: { ...config.limits, batchMessages: 10 } }))

    const moving = runOverpost(
      ...[
        'move',
        '--from',
        'A',
        '--to',
        'B',
        '--dir',
        network.dir,
        '--key-file',
        join(network.dir, 'bob.key'),
        '--json',
      ],
    )
    for (const [name, least] of [
      ['A', 1],
      ['B', 100],
      ['A', 200],
      ['B', 300],
    ] as const) {
      await until(`${least} at B`, async () => (await listed('B').catch(() => [])).length >= least, 60_000)
      await network.kill(name)
      await network.restart(name)
    }
    await until('all at B', async () => (await listed('B')).length >= messages, 60_000)
    await moving
    const again = await runOverpost(
      ...[
        'move',
        '--from',
        'A',
        '--to',
        'B',
        '--dir',
        network.dir,
        '--key-file',
        join(network.dir, 'bob.key'),
        '--json',
      ],
    )
    expect(again.code, again.err).to.equal(0)
    expect(JSON.parse(again.out.trim().split('\n').at(-1)!)).to.deep.equal({ waiting: 0, done: true })
    expect((await listed('B')).toSorted()).to.deep.equal(sent.toSorted())
    expect(await listed('A')).to.deep.equal([])
    const movedTo = network.host('B').identityKey
    for (let from = 0; from < messages; from += 100) {
      const asked = handles.slice(from, from + 100)
      const expected = asked.map((handle) => ({ handle, state: 'delivered', movedTo }))
      expect(await client.status(asked)).to.deep.equal(expected)
    }
    const words = await runOverpost(
      ...['status', `${first!.handle},${handles[0]}`, '--host', 'A', '--dir', network.dir],
      ...['--key-file', join(network.dir, 'alice.key')],
    )
    expect(words.out.trim().split('\n')).to.deep.equal([
      `${first!.handle}  acknowledged`,
      `${handles[0]}  delivered     moved with its recipient to the host ${movedTo}`,
    ])
    for await (const message of network.client(bob, 'B').listAll({ box: 'inbox', limit: 1000, withEnvelope: true })) {
      expect(message, message.messageId).to.include({ proof: 'envelope', verified: true })
    }
  })

  it('gets new mail at the new host only', async () => {
    await network.client(alice, 'A').send({ recipient: bob.key, box: 'inbox', body: 'afterwards' })
    await until('it at B', async () => (await listed('B')).includes('afterwards'))
    expect(await listed('A')).to.not.include('afterwards')
  })

  it('is not handed anything by a host that they did not leave, nor by one with an old word of theirs', async () => {
    const stranger = newPerson()
    const target = network.host('B')
    const host = new ForeignHost(target, network.transport, stranger.privateKey)
    const to = identityKeySchema.parse(target.identityKey)
    const before = await listed('B')
    const handOver = async (from: string, atMs: number, by = bob) => {
      const terms = { userKey: bob.key, from: identityKeySchema.parse(from), to, atMs }
      const { signature } = await signHandover(by.wallet, terms)
      const item = await propagated({ sender: alice, recipient: bob })
      const body = { userKey: bob.key, atMs, signature: bytesToHex(signature), messages: [item] }
      return (await host.call('/handoverMessages', body)) as { status: number; json: { code?: string } }
    }
    expect(await handOver(network.host('A').identityKey, Date.now())).to.have.nested.property(
      'json.code',
      'ERR_SIGNATURE_INVALID',
    )
    expect(await handOver(stranger.key, Date.now(), stranger)).to.have.nested.property(
      'json.code',
      'ERR_SIGNATURE_INVALID',
    )
    expect(await handOver(stranger.key, Date.now() - 30 * 86_400_000)).to.have.nested.property(
      'json.code',
      'ERR_TOO_OLD',
    )
    expect(await listed('B')).to.deep.equal(before)
  })
})
