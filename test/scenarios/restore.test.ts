import { join } from 'node:path'
import { expect } from 'chai'
import { metric } from '../support/host-metrics.ts'
import { expectDrained } from '../support/drained.ts'
import { bodiesIn, newPerson, type Person } from '../support/person.ts'
import { runOverpost } from '../support/run-overpost.ts'
import { scenario } from '../support/scenario.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

const box = 'inbox'
const many = 100

describe('a host that is restored from a backup', function () {
  this.timeout(180_000)

  let network: TestNetwork
  const [alice, bob, ann] = [newPerson(), newPerson(), newPerson()]
  before(async () => {
    network = await TestNetwork.start({ hosts: 2 })
    await network.authorize(bob, 'B')
    await network.authorize(ann, 'A')
    // A knows the way to B.
    await network.client(alice, 'A').send({ recipient: bob.key, box: 'first', body: 'first' })
    await until('the first at B', async () => (await bodiesIn(network.client(bob, 'B'), 'first')).length === 1)
  })
  after(() => network[Symbol.asyncDispose]())

  const bodies = (what: string): string[] => Array.from({ length: many }, (_, n) => `${what} ${n}`)
  const sendAll = async (to: Person, what: string): Promise<void> => {
    const client = network.client(alice, 'A')
    await Promise.all(bodies(what).map((body) => client.send({ recipient: to.key, box, body, messageId: body })))
  }
  const listed = (person: Person, name: string) => bodiesIn(network.client(person, name), box)

  scenario(
    25,
    'a backup taken live, restored later: nothing comes twice, and what no host sends again is told by count',
    async (run) => {
      // The backup holds mail on its way to B, which is down, and mail in a box of A.
      await network.kill('B')
      await sendAll(bob, 'on its way')
      await sendAll(ann, 'in a box')
      const reader = network.client(ann, 'A')
      const oldPage = await reader.list({ box, limit: 10 })
      const file = join(network.host('A').dir, 'host.sqlite')
      const copy = join(network.dir, 'copy.sqlite')
      const backup = await runOverpost('backup', file, '--to', copy, '--json')
      const counted = JSON.parse(backup.out) as { messages: number; outgoing: number; users: number }
      expect(counted).to.deep.include({ outgoing: many, users: 1 })
      // The copy of what showed A the way may be there still.
      expect(counted.messages).to.be.within(many, many + 1)

      // After it: B takes its mail and Bob acknowledges it; Ann acknowledges some; more comes, which no backup has.
      await network.restart('B')
      await until('all at B', async () => (await listed(bob, 'B')).length === many, 60_000)
      const atB = network.client(bob, 'B')
      const read = []
      for await (const message of atB.listAll({ box })) read.push(message)
      await atB.acknowledge(read)
      await reader.acknowledge(oldPage.messages)
      await sendAll(ann, 'afterwards')

      await network.stop('A')
      const restored = await runOverpost('restore', copy, '--to', file, '--json')
      expect(restored.err).to.equal('')
      const { missing } = JSON.parse(restored.out) as { missing: unknown }
      expect(missing, 'told by count').to.deep.equal({ fromHosts: 0, fromSenders: many, outgoing: 0 })
      await network.restart('A')

      // What the backup had on its way is sent again under its old forward ids: B remembers, and Bob sees nothing twice.
      await expectDrained(network, 'A')
      expect(await listed(bob, 'B')).to.deep.equal([])
      // Ann sees again what she acknowledged after the backup, and all that was there then; her old cursor skips nothing.
      expect(await listed(ann, 'A')).to.have.members(bodies('in a box'))
      await sendAll(ann, 'and now')
      const all = await listed(ann, 'A')
      expect(all).to.have.members([...bodies('in a box'), ...bodies('and now')])
      expect(all).to.have.length(2 * many)
      run.count({ messages: 4 * many, doubled: 0 })
      run.tell(
        `${many} messages that nobody else has are told as missing; ${many} on their way at the backup, 0 came twice`,
      )
    },
  )

  scenario(
    25,
    'a backup taken live, mail goes on, the host is killed and restored: what another host delivered is there again, once',
    async (run) => {
      // B knows the way to A, which it can tell that its log began anew.
      await network.client(bob, 'B').send({ recipient: ann.key, box: 'from b', body: 'hello' })
      await until('mail at A', async () => (await bodiesIn(network.client(ann, 'A'), 'from b')).length === 1)
      await sendAll(bob, 'before the backup')
      await until('all at B', async () => (await listed(bob, 'B')).length === many, 60_000)
      const file = join(network.host('B').dir, 'host.sqlite')
      const copy = join(network.dir, 'copy of b.sqlite')
      await runOverpost('backup', file, '--to', copy, '--json')
      await sendAll(bob, 'after the backup')
      await until('all at B', async () => (await listed(bob, 'B')).length === 2 * many, 60_000)
      await expectDrained(network, 'A')

      await network.kill('B')
      const restored = await runOverpost('restore', copy, '--to', file, '--json')
      expect(restored.err).to.equal('')
      const { missing } = JSON.parse(restored.out) as { missing: { fromHosts: number } }
      expect(missing.fromHosts).to.equal(many)
      await network.restart('B')

      // Nobody sends anything new.
      await until('all at B again', async () => (await listed(bob, 'B')).length >= 2 * many, 60_000)
      await expectDrained(network, 'A')
      const all = await listed(bob, 'B')
      expect(all).to.have.length(2 * many)
      expect(all).to.have.members([...bodies('before the backup'), ...bodies('after the backup')])
      const counted = await metric(network.host('B').url, 'relay_messages_again_total{way="in"}')
      expect(counted, 'told by count').to.equal(many)
      run.count({ messages: 2 * many, lost: 0, doubled: 0 })
      run.tell(
        `${many} messages that the backup lacked were sent again by the host that had delivered them, 0 lost, 0 came twice`,
      )
    },
  )
})
