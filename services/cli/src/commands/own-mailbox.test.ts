import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { IdentityWallet } from '@overpost/auth'
import { MessageBoxClient } from '@overpost/client'
import { createHost, hostConfigSchema, type Host } from '@overpost/host'
import { expect } from 'chai'
import { pino } from 'pino'
import { runProgram } from '../testing/run-program.ts'
import { tempDir } from '../testing/temp-dir.ts'

const [alice, bob] = ['11', '33'].map((digits) => new IdentityWallet(digits.repeat(32)))

describe("overpost for one's own mailbox", function () {
  this.timeout(30_000)

  let dir: ReturnType<typeof tempDir>
  let host: Host
  beforeEach(async () => {
    dir = tempDir()
    for (const digits of ['11', '33']) writeFileSync(keyFile(digits), digits.repeat(32), { mode: 0o600 })
    const input = { development: true, listen: { port: 0 }, store: { kind: 'memory' as const } }
    const config = hostConfigSchema.parse({ ...input, identityKey: '22'.repeat(32) })
    host = await createHost(config, { logger: pino({ level: 'silent' }) })
  })
  afterEach(async () => {
    await host[Symbol.asyncDispose]()
    dir.remove()
  })

  const keyFile = (digits: string) => join(dir.path, `${digits}.key`)
  const as = (digits: string, ...argv: string[]) =>
    runProgram(argv, { OVERPOST_KEY: keyFile(digits), OVERPOST_HOST: host.url })
  const json = async (digits: string, ...argv: string[]) => {
    const { code, out, err } = await as(digits, ...argv, '--json')
    expect(err).to.equal('')
    return {
      code,
      lines: out
        .trim()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    }
  }

  it('listens, in order, verified, and acknowledges what it printed', async () => {
    await as('11', 'send', 'one', '--to', bob!.identityKey)
    const listening = json('33', 'listen', '--ack', '--count', '2')
    await as('11', 'send', 'two', '--to', bob!.identityKey)
    const { code, lines } = await listening
    expect(code).to.equal(0)
    expect(lines).to.containSubset([
      { body: 'one', sender: alice!.identityKey, verified: true },
      { body: 'two', verified: true },
    ])
    expect((await as('33', 'list')).out).to.equal('nothing waits here\n')
  })

  it('goes on listening when the host was away, and prints each message once', async () => {
    await host[Symbol.asyncDispose]()
    const store = { kind: 'sqlite' as const, file: join(dir.path, 'host.sqlite') }
    const start = (port: number): Promise<Host> => {
      const input = { development: true, listen: { port }, store, identityKey: '22'.repeat(32) }
      return createHost(hostConfigSchema.parse(input), { logger: pino({ level: 'silent' }) })
    }
    host = await start(0)
    const clientOf = (wallet: IdentityWallet) => new MessageBoxClient({ wallet, host: host.url })
    const send = (body: string) => clientOf(alice!).send({ recipient: bob!.identityKey, box: 'inbox', body })
    await send('one')
    await send('two')
    const listening = json('33', 'listen', '--ack', '--count', '3')
    const reader = clientOf(bob!)
    // Both are printed, so that it follows when the host goes.
    while ((await reader.list({ box: 'inbox' })).messages.length > 0);
    await host[Symbol.asyncDispose]()
    host = await start(Number(new URL(host.url).port))
    await send('three')
    const { code, lines } = await listening
    expect(code).to.equal(0)
    expect(lines.map((line) => (line as { body: string }).body)).to.deep.equal(['one', 'two', 'three'])
  })

  it('blocks a sender, shows it, quotes it to them, and lets them in again', async () => {
    const sender = ['--sender', alice!.identityKey]
    expect((await as('33', 'permissions', 'get', ...sender)).code).to.equal(1)
    expect((await as('33', 'permissions', 'set', 'block', ...sender)).code).to.equal(0)
    expect((await as('11', 'send', 'hi', '--to', bob!.identityKey)).err).to.include('ERR_DELIVERY_BLOCKED')
    const rule = { messageBox: 'inbox', sender: alice!.identityKey, recipientFee: -1, status: 'blocked' }
    expect(await json('33', 'permissions', 'get', ...sender)).to.deep.equal({ code: 0, lines: [rule] })
    expect((await json('33', 'permissions', 'list')).lines).to.deep.equal([[rule]])
    const quote = await json('11', 'permissions', 'quote', `${bob!.identityKey},${alice!.identityKey}`)
    expect(quote.code).to.equal(1)
    expect(quote.lines).to.containSubset([[{ status: 'blocked' }, { status: 'always_allow', recipientFee: 0 }]])
    await as('33', 'permissions', 'set', 'clear', ...sender)
    expect((await as('11', 'permissions', 'quote', bob!.identityKey)).code).to.equal(0)
    expect((await as('33', 'permissions', 'set', 'maybe')).code).to.equal(2)
  })

  it('adds a device, lists it, and removes it', async () => {
    const added = await json('33', 'devices', 'add', 'a-token-of-a-phone', '--name', 'phone', '--platform', 'ios')
    const { id } = added.lines[0] as { id: number }
    const device = { id, deviceId: 'phone', platform: 'ios', active: true }
    expect((await json('33', 'devices', 'list')).lines).to.containSubset([[device]])
    expect((await as('33', 'devices', 'remove', String(id))).code).to.equal(0)
    expect((await as('33', 'devices', 'remove', String(id))).err).to.include('ERR_NOT_FOUND')
    expect((await json('33', 'devices', 'list')).lines).to.deep.equal([[]])
  })
})
