import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { aliceWallet, callerFixture, hostWallet } from './testing/host-fixture.ts'

const runHostModule = fileURLToPath(new URL('./run-host.js', import.meta.url))
const program = `import { runHost } from ${JSON.stringify(runHostModule)}
process.exitCode = await runHost(process.argv.slice(2), process.env)`

describe('runHost', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'overpost-host-'))
    await writeFile(join(dir, 'key'), `${'22'.repeat(32)}\n`)
    await writeFile(join(dir, 'main.mjs'), program)
  })
  afterEach(() => rm(dir, { recursive: true }))

  const settings = () => [
    ...['--identity-key-file', join(dir, 'key'), '--store-file', join(dir, 'host.sqlite')],
    ...['--development', '--listen-port', '0', '--log-level', 'warn'],
  ]
  const run = (argv: string[]) =>
    spawn(process.execPath, [join(dir, 'main.mjs'), ...argv], {
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  const collect = async (argv: string[]) => {
    const child = run(argv)
    const texts = { stdout: '', stderr: '' }
    child.stdout.on('data', (chunk: Buffer) => (texts.stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (texts.stderr += chunk.toString()))
    const [code] = (await once(child, 'close')) as [number]
    return { code, ...texts }
  }

  it('says in one line that it is ready, drains at a signal, and keeps mail and sessions for the next start', async () => {
    const begin = async () => {
      const child = run(settings())
      child.stderr.resume()
      const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
      const ready = JSON.parse(line) as { url: string; identityKey: string; pid: number }
      expect(ready).to.deep.equal({ url: ready.url, identityKey: hostWallet.identityKey, pid: child.pid })
      const end = async (): Promise<unknown> => {
        const closed = once(child, 'close')
        child.kill('SIGTERM')
        return ((await closed) as unknown[])[0]
      }
      return { url: ready.url, end }
    }
    const message = { recipient: aliceWallet.identityKey, messageBox: 'inbox', messageId: 'm1', body: 'hello' }
    const first = await begin()
    {
      using alice = callerFixture(aliceWallet, first.url)
      expect((await alice.post('/sendMessage', { message })).status).to.equal(200)
    }
    expect(await first.end()).to.equal(0)
    const second = await begin()
    {
      using alice = callerFixture(aliceWallet, second.url)
      expect((await alice.post('/listMessages', { messageBox: 'inbox' })).json['messages']).to.have.length(1)
    }
    expect(await second.end()).to.equal(0)
  })

  it('names each fault of its configuration in a line, and does not start', async () => {
    const { code, stdout, stderr } = await collect(['--listen-port', '0', '--log-level', 'loud'])
    expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' })
    expect(stderr.trimEnd().split('\n')).to.have.length.at.least(1)
    expect(stderr).to.include('log.level (--log-level, OVERPOST_LOG_LEVEL)')
  })

  it('says why it does not start when its key or its store cannot be had', async () => {
    await writeFile(join(dir, 'key'), 'not a key')
    const { code, stdout, stderr } = await collect(settings())
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' })
    expect(stderr).to.match(/^identityKeyFile: .* does not hold a private key of 64 hexadecimal digits\n$/)
  })

  it('prints its help, and its settings without secrets', async () => {
    const help = await collect(['--help'])
    expect(help.code).to.equal(0)
    expect(help.stdout).to.include('--identity-key-file').and.include('OVERPOST_WALLET_URL')
    const printed = await collect(['--development', '--identity-key', '22'.repeat(32), '--print-config'])
    expect(printed.stdout).to.include('"identityKey": "(hidden)"').and.not.include('2222')
  })
})
