import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { IdentityWallet } from '@overpost/auth'
import { MessageBoxClient } from '@overpost/client'
import { expect } from 'chai'
import { startHost, type HostProcess } from '../testing/host-process.ts'
import { runProgram, type Outcome } from '../testing/run-program.ts'
import { tempDir } from '../testing/temp-dir.ts'

const [aliceDigits, bobDigits, nobodyDigits] = ['11', '33', '55'].map((digits) => digits.repeat(32)) as [
  string,
  string,
  string,
]
const bob = new IdentityWallet(bobDigits)
const nobody = new IdentityWallet(nobodyDigits)

describe('overpost status, and the notices in overpost list', function () {
  this.timeout(60_000)

  let dir: ReturnType<typeof tempDir>
  let host: HostProcess
  let bobsClient: MessageBoxClient

  beforeEach(async () => {
    dir = tempDir()
    host = await startHost(dir.path, { outbox: { delayNoticeMs: 1_000, ageLimitMs: 5_000 } })
    writeFileSync(join(dir.path, 'alice.key'), `${aliceDigits}\n`, { mode: 0o600 })
    bobsClient = new MessageBoxClient({ wallet: bob, host: host.url })
    await bobsClient.authorizeRouting()
  })
  afterEach(async () => {
    await host[Symbol.asyncDispose]()
    dir.remove()
  })

  const asAlice = (...argv: string[]): Promise<Outcome> =>
    runProgram([...argv, '--host', host.url, '--key-file', join(dir.path, 'alice.key')])
  const send = async (to: IdentityWallet): Promise<string> => {
    const { out } = await asAlice('send', 'hello', '--id', 'm1', '--to', to.identityKey, '--json')
    return (JSON.parse(out) as { handle: string }[])[0]?.handle ?? ''
  }

  it('shows a message that is here with a receipt that holds by itself, then its acknowledgement', async () => {
    const handle = await send(bob)
    const file = join(dir.path, 'receipt.json')
    const delivered = await asAlice('status', handle, '--receipt', file)
    expect([delivered.code, delivered.err]).to.deep.equal([0, ''])
    expect(delivered.out).to.match(new RegExp(`^${handle} +delivered +in their box here\\n$`))
    const verified = await runProgram(['receipt', 'verify', file, '--json'])
    expect(JSON.parse(verified.out)).to.deep.include({
      ...{ valid: true, messageId: 'm1', recipient: bob.identityKey, originHost: host.identityKey },
      host: { identityKey: host.identityKey, origin: host.url },
    })
    const { messages } = await bobsClient.list({ box: 'inbox' })
    await bobsClient.acknowledge(messages.map(({ sender, messageId }) => ({ box: 'inbox', sender, messageId })))
    const acknowledged = await asAlice('status', handle, '--receipt', file)
    expect(acknowledged.out).to.match(new RegExp(`^${handle} +acknowledged`))
    expect(acknowledged.code, 'there is no receipt any more').to.equal(1)
    expect(acknowledged.err).to.contain('no host has given a receipt that holds')
  })

  it('follows a message that nobody takes to its end, of which the list has the notices', async () => {
    const handle = await send(nobody)
    const watched = await asAlice('status', handle, '--watch', '--every-ms', '100', '--json')
    expect(watched.code).to.equal(1)
    const states = watched.out.trim().split('\n')
    expect(states.map((line) => (JSON.parse(line) as { state: string }).state)).to.deep.equal(['waiting', 'returned'])
    const listed = (await asAlice('list', '--box', 'delivery_failures')).out.trim().split('\n')
    expect(listed).to.have.lengthOf(3)
    const about = `: m1 to ${nobody.identityKey} \\(inbox\\), \\d+ attempts, ERR_NO_ROUTE`
    expect(listed[1]).to.match(new RegExp(`${host.identityKey}.* signed .*still waits${about}`))
    expect(listed[2]).to.match(new RegExp(`${host.identityKey}.* signed .*NOT DELIVERED${about}`))
  })

  it('says of a handle that is not theirs that it is not known, and refuses what it cannot ask', async () => {
    const handle = await send(bob)
    const other = await bobsClient.status([handle])
    expect(other).to.deep.equal([{ handle, state: 'unknown' }])
    const unknown = await asAlice('status', 'x'.repeat(32))
    expect([unknown.code, unknown.out]).to.deep.equal([1, `${'x'.repeat(32)}  unknown\n`])
    const two = await asAlice('status', 'a,b', '--receipt', join(dir.path, 'receipt.json'))
    expect(two.err).to.contain('--receipt wants one handle')
  })
})
