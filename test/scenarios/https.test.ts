import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { guardedTransport, nativeSignatureVerifier, serviceFetch, type OutgoingException } from '@overpost/auth'
import { dnsResponder, testAuthority, type DnsResponder, type TestAuthority } from '@overpost/auth/testing'
import { MessageBoxClient } from '@overpost/client'
import { startLocalChain, type LocalChain } from '@overpost/devnet'
import { createHost, hostConfigSchema, type Host } from '@overpost/host'
import { overlayConfigSchema, startOverlayNode, type OverlayNode } from '@overpost/overlay'
import { expect } from 'chai'
import { bodiesIn, newPerson, type Person } from '../support/person.ts'
import { recordingLog, type LogLine } from '../support/recording-log.ts'
import { until } from '../support/until.ts'

const box = 'inbox'

/**
 * Two hosts and an overlay node that are not in development: they serve HTTPS with certificates of a private authority, and
 * find each other by DNS. What is not as it is in the open: the names lead to this machine, so the hosts run in this process with a
 * resolver of the test's, and the guard has an exception for `b.test` at 127.0.0.1. All else of the guard holds; the last test has
 * no exception, and nothing arrives. The chain's services speak HTTP, as addresses that an operator chose may.
 */
describe('hosts over HTTPS', function () {
  this.timeout(120_000)

  const dir = mkdtempSync(join(tmpdir(), 'overpost-https-'))
  const [alice, bob] = [newPerson(), newPerson()]
  const toB: OutgoingException = { name: 'b.test', network: '127.0.0.1/32' }
  let chain: LocalChain
  let authority: TestAuthority
  let dns: DnsResponder
  let overlay: OverlayNode
  let hosts: Record<'a' | 'b' | 'guarded', Host & { lines: readonly LogLine[] }>
  const opened: AsyncDisposable[] = []
  const open = async <T extends AsyncDisposable>(opening: Promise<T>): Promise<T> => {
    const part = await opening
    opened.push(part)
    return part
  }

  before(async () => {
    chain = await open(startLocalChain({ blockIntervalMs: 200 }))
    authority = await open(testAuthority())
    dns = await open(dnsResponder((name) => (name.endsWith('.test') ? ['127.0.0.1'] : null)))
    overlay = await open(startOverlay())
    hosts = {
      a: await open(startHost('a.test', [toB])),
      b: await open(startHost('b.test', [])),
      guarded: await open(startHost('guarded.test', [])),
    }
  })
  after(async () => {
    for (const part of opened.reverse()) await part[Symbol.asyncDispose]()
    rmSync(dir, { recursive: true, force: true })
  })

  async function startOverlay(): Promise<OverlayNode> {
    const config = overlayConfigSchema.parse({
      listen: { port: 0 },
      publicUrl: 'https://overlay.test',
      tls: await authority.issue('overlay.test', '127.0.0.1'),
      outgoing: { ca: authority.caFile },
      dataDir: join(dir, 'overlay'),
      headers: { url: chain.url },
      arc: { url: chain.url },
      advertise: { privateKey: randomBytes(32).toString('hex'), walletUrl: chain.walletUrl('overlay') },
    })
    return await startOverlayNode(config, recordingLog())
  }

  async function startHost(name: string, exceptions: readonly OutgoingException[]) {
    const port = await freePort()
    const config = hostConfigSchema.parse({
      listen: { port },
      publicUrl: `https://${name}:${port}`,
      tls: await authority.issue(name),
      outgoing: { ca: authority.caFile },
      identityKey: randomBytes(32).toString('hex'),
      store: { kind: 'memory' },
      chain: { headersUrl: chain.url },
      wallet: { url: chain.walletUrl(name) },
      overlay: { urls: [overlay.url] },
      outbox: { unroutedBaseMs: 500, unroutedMostMs: 1_000, backoffBaseMs: 200 },
      routes: { negativeMs: 500 },
    })
    const { log, lines } = recordingLog()
    const host = await createHost(config, { logger: log, outgoing: { resolve: dns.resolve, exceptions } })
    return { ...host, lines }
  }

  /** As an app somewhere would call: by name, over TLS, believing the private authority. */
  async function withClient<T>(person: Person, host: Host, use: (client: MessageBoxClient) => Promise<T>): Promise<T> {
    const { hostname } = new URL(host.url)
    const transport = guardedTransport({
      policy: { development: false, exceptions: [{ name: hostname, network: '127.0.0.1/32' }] },
      resolve: dns.resolve,
      ca: authority.ca,
    })
    const { wallet } = person
    const verifier = nativeSignatureVerifier()
    try {
      return await use(
        new MessageBoxClient({ wallet, host: host.url, expectedHostKey: host.identityKey, transport, verifier }),
      )
    } finally {
      transport.close()
    }
  }

  it('carries a message from one host to the other, found by an advert over TLS', async () => {
    for (const { url } of [overlay, hosts.a, hosts.b]) expect(url).to.match(/^https:/)
    await withClient(bob, hosts.b, (client) => client.authorizeRouting())
    await withClient(alice, hosts.a, (client) => client.send({ recipient: bob.key, box, body: 'over TLS' }))
    await withClient(bob, hosts.b, (client) =>
      until('the message', async () => (await bodiesIn(client, box)).includes('over TLS')),
    )
    expect(dns.asked('b.test')).to.be.above(0)
  })

  it('has an overlay node that told itself of itself over TLS', async () => {
    const health = await withOverlay((call) => call(`${overlay.url}/health`))
    expect(await health.json()).to.include({ adverts: 'ok' })
  })

  it('answers nobody who does not believe the authority, and nobody without TLS', async () => {
    for (const { listenUrl } of [hosts.a, hosts.b]) {
      for (const url of [listenUrl, listenUrl.replace('https:', 'http:')]) {
        expect(await fetch(`${url}/health/live`).catch(() => 'no answer')).to.equal('no answer')
      }
    }
  })

  it('calls no host at a private address, however well it is advertised', async () => {
    await withClient(alice, hosts.guarded, (client) => client.send({ recipient: bob.key, box, body: 'not to arrive' }))
    const line = await until('a refused attempt', () =>
      hosts.guarded.lines.find(({ fields }) => String(fields.reason).includes('b.test is at a loopback address')),
    )
    expect(line.fields).to.have.property('reason', 'The address is not called: b.test is at a loopback address')
    expect(await withClient(bob, hosts.b, (client) => bodiesIn(client, box))).to.deep.equal(['over TLS'])
  })

  async function withOverlay(use: (call: typeof fetch) => Promise<Response>): Promise<Response> {
    const services = serviceFetch(authority.ca)
    try {
      return await use(services.fetch)
    } finally {
      services.close()
    }
  }
})

/** Free a moment ago: an origin must be known before its host starts. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await once(server.close(), 'close')
  return port
}
