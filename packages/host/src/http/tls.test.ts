import { once } from 'node:events'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fetchOver, HostSession, nodeTransport } from '@overpost/auth'
import { testAuthority, type TestAuthority } from '@overpost/auth/testing'
import { expect } from 'chai'
import { pino } from 'pino'
import { hostConfigSchema, type HostConfigInput } from '../config.ts'
import { createHost, type Host } from '../host.ts'
import { aliceWallet, hostWallet } from '../testing/host-fixture.ts'

const base: HostConfigInput = {
  development: true,
  listen: { port: 0 },
  store: { kind: 'memory' },
  identityKey: '22'.repeat(32),
}
const silent = pino({ level: 'silent' })

describe('a host that serves HTTPS', () => {
  let authority: TestAuthority
  let dir: string
  let tls: { cert: string; key: string }
  let host: Host
  before(async () => {
    authority = await testAuthority()
    dir = await mkdtemp(join(tmpdir(), 'overpost-host-'))
    const issued = await authority.issue('127.0.0.1')
    tls = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') }
    await copyFile(issued.cert, tls.cert)
    await copyFile(issued.key, tls.key)
  })
  after(async () => {
    await rm(dir, { recursive: true, force: true })
    await authority[Symbol.asyncDispose]()
  })
  beforeEach(async () => {
    host = await createHost(hostConfigSchema.parse({ ...base, tls }), { logger: silent })
  })
  afterEach(() => host[Symbol.asyncDispose]())

  it('serves the same over TLS, to those who believe its authority', async () => {
    expect(host.url).to.match(/^https:\/\/127\.0\.0\.1:\d+$/)
    const transport = nodeTransport({ ca: authority.ca })
    const session = new HostSession({
      wallet: aliceWallet,
      transport,
      origin: host.url,
      expectedHostKey: hostWallet.identityKey,
    })
    const signal = AbortSignal.timeout(5_000)
    const body = JSON.stringify({ messageBox: 'inbox' })
    expect((await session.call({ method: 'POST', path: '/listMessages', body, signal })).status).to.equal(200)
    const document = await fetchOver(transport, { mostMs: 5_000, maxAnswerBytes: 10_000 })(
      `${host.url}/.well-known/relay-host`,
    )
    expect(await document.json()).to.have.property('origin', host.url)
    transport.close()
    expect(await fetch(host.url).catch((error: unknown) => error)).to.have.nested.property('cause.code')
    expect(await fetch(host.url.replace('https:', 'http:')).catch(() => 'hung up')).to.equal('hung up')
  })

  it('stops at once, though somebody connected and says nothing', async () => {
    const { hostname, port } = new URL(host.url)
    const mute = connect(Number(port), hostname)
    await once(mute, 'connect')
    const closed = once(mute, 'close')
    await host[Symbol.asyncDispose]()
    await closed
  })

  it('does not start with files that are no certificate with its key, and leaves nothing open', async () => {
    for (const broken of [
      { cert: tls.key, key: tls.cert },
      { cert: join(dir, 'none'), key: tls.key },
      { cert: authority.caFile, key: tls.key },
    ]) {
      const start = createHost(hostConfigSchema.parse({ ...base, tls: broken }), { logger: silent })
      expect(await start.catch((error: unknown) => error)).to.be.instanceOf(Error)
    }
    const start = createHost(hostConfigSchema.parse({ ...base, outgoing: { ca: tls.key } }), { logger: silent })
    expect(await start.catch((error: unknown) => error)).to.be.instanceOf(Error)
  })
})

describe('a host behind a proxy', () => {
  const cases: [trustProxy: boolean, header: string | null, address: string][] = [
    [false, '203.0.113.9', '127.0.0.1'],
    [true, '203.0.113.9', '203.0.113.9'],
    [true, '198.51.100.7, 203.0.113.9', '203.0.113.9'],
    [true, null, '127.0.0.1'],
  ]
  for (const [trustProxy, header, address] of cases) {
    it(`takes ${address} for the caller's address, with X-Forwarded-For ${header ?? 'missing'}, ${trustProxy ? 'trusted' : 'not trusted'}`, async () => {
      const lines: { msg: string; address?: string }[] = []
      const write = (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number])
      await using host = await createHost(hostConfigSchema.parse({ ...base, trustProxy }), {
        logger: pino({ level: 'debug' }, { write }),
      })
      await fetch(`${host.url}/health/live`, { headers: header === null ? {} : { 'x-forwarded-for': header } })
      expect(lines.find(({ msg }) => msg === 'answered')?.address).to.equal(address)
    })
  }
})
