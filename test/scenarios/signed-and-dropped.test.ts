import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CustodyReceiptJson } from '@overpost/protocol'
import Database from 'better-sqlite3'
import { expect } from 'chai'
import { bodiesIn, newPerson } from '../support/person.ts'
import { runOverpost } from '../support/run-overpost.ts'
import { scenario } from '../support/scenario.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

const box = 'inbox'

/** Bob's homes are B and C. B signs that it has Alice's message, and drops it: its store is emptied behind its back. */
describe('a home that says "stored", and drops', function () {
  this.timeout(120_000)

  let network: TestNetwork
  const [alice, bob] = [newPerson(), newPerson()]

  before(async () => {
    network = await TestNetwork.start({ hosts: 3 })
    for (const name of ['B', 'C']) await network.authorize(bob, name)
  })
  after(() => network[Symbol.asyncDispose]())

  scenario(
    35,
    'a home that signs and drops: its receipt names it, with no host at hand, and the other home has the mail',
    async (run) => {
      const sender = network.client(alice, 'A')
      const [sent] = await sender.send({ recipient: bob.key, box, body: 'precious' })
      const handle = sent?.handle ?? ''
      const receipts = await until('receipts of both homes', async () => {
        const [status] = await sender.status([handle])
        const given = (status?.destinations ?? []).flatMap(({ receipt }) => receipt ?? [])
        return given.length === 2 && given
      })
      await network.kill('B')
      dropMail(network.host('B').dir)
      await network.restart('B')

      expect(await bodiesIn(network.client(bob, 'B'), box), 'at the home that drops').to.deep.equal([])
      expect(await bodiesIn(network.client(bob, 'C'), box), 'at the other home').to.deep.equal(['precious'])

      const ofB = receipts.find(({ host }) => host.identityKey === network.host('B').identityKey)
      const file = join(network.dir, 'receipt-of-b.json')
      writeFileSync(file, JSON.stringify(ofB))
      for (const name of ['A', 'B', 'C']) await network.kill(name)
      const checked = await runOverpost('receipt', 'verify', file, '--json')
      expect(checked.code).to.equal(0)
      expect(JSON.parse(checked.out)).to.deep.include({
        ...{ valid: true, recipient: bob.key, sender: alice.key, box, messageId: sent?.messageId },
        ...{ originHost: network.host('A').identityKey },
        host: { identityKey: network.host('B').identityKey, origin: network.host('B').url },
      })
      writeFileSync(file, JSON.stringify({ ...ofB, recipient: alice.key }))
      expect((await runOverpost('receipt', 'verify', file)).code).to.equal(1)
      for (const name of ['A', 'B', 'C']) await network.restart(name)
      run.count({ messages: 1, kills: 4, lost: 0 })
      run.tell('the receipt of the home that dropped it verifies, and names its key')
    },
  )

  it('gives a receipt that overpost status writes down', async () => {
    const [sent] = await network.client(alice, 'A').send({ recipient: bob.key, box, body: 'again' })
    const key = join(network.dir, 'alice.key')
    writeFileSync(key, `${alice.privateKey}\n`, { mode: 0o600 })
    const file = join(network.dir, 'receipt.json')
    const status = ['status', sent?.handle ?? '', '--watch', '--host', network.host('A').url, '--key-file', key]
    const told = await runOverpost(...status, '--receipt', file)
    expect(told.code, told.err).to.equal(0)
    const receipt = JSON.parse(readFileSync(file, 'utf8')) as CustodyReceiptJson
    expect(receipt).to.include({ messageId: sent?.messageId, recipient: bob.key })
    expect((await runOverpost('receipt', 'verify', file)).code).to.equal(0)
  })
})

/** Takes all messages out of a host's store, and leaves no trace of it. */
function dropMail(dir: string): void {
  const file = readdirSync(dir).find((name) => name.endsWith('.sqlite') || name.endsWith('.db'))
  if (file === undefined || !existsSync(join(dir, file))) throw new Error(`there is no store in ${dir}`)
  const database = new Database(join(dir, file))
  const { changes } = database.prepare('DELETE FROM messages').run()
  database.close()
  if (changes === 0) throw new Error('there was nothing to drop')
}
