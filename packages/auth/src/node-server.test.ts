import { once } from 'node:events'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { expect } from 'chai'
import { nodeServer, type NodeServer } from './node-server.ts'
import { testAuthority, type TestAuthority } from './testing/certificates.ts'

describe('an HTTPS server on files', () => {
  let authority: TestAuthority
  let dir: string
  let issued: { cert: string; key: string }[]
  let node: NodeServer
  let port: number
  /** Settled by the next word from the watch over the files. */
  let news: { reloaded: () => void; failed: (error: Error) => void }
  const nextNews = () => new Promise<void>((reloaded, failed) => (news = { reloaded, failed }))
  /** Files that are being written may be refused a few times first. */
  const nextReload = (): Promise<void> => nextNews().catch(nextReload)

  before(async () => {
    authority = await testAuthority()
    issued = [await authority.issue('first.test'), await authority.issue('second.test')]
  })
  after(() => authority[Symbol.asyncDispose]())
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'overpost-tls-'))
    news = { reloaded: () => undefined, failed: () => undefined }
    await use(0)
    node = nodeServer(
      {},
      {
        cert: join(dir, 'cert.pem'),
        key: join(dir, 'key.pem'),
        everyMs: 5,
        reloaded: () => news.reloaded(),
        reloadFailed: (error) => news.failed(error),
      },
      (_, response) => response.end('hello'),
    )
    node.server.listen(0, '127.0.0.1')
    await once(node.server, 'listening')
    port = (node.server.address() as AddressInfo).port
  })
  afterEach(async () => {
    node[Symbol.dispose]()
    node.server.close()
    node.server.closeAllConnections()
    await rm(dir, { recursive: true, force: true })
  })

  const use = async (index: number) => {
    const { cert, key } = issued[index]!
    await copyFile(key, join(dir, 'key.pem'))
    await copyFile(cert, join(dir, 'cert.pem'))
  }
  /** The name in the certificate of the connection that a request was answered on. */
  const nameServed = (agent: Agent) =>
    new Promise<string>((resolve, reject) => {
      request({ host: '127.0.0.1', port, agent, ca: authority.ca, checkServerIdentity: () => undefined }, (answer) => {
        const { subjectaltname = '' } = (
          answer.socket as unknown as Pick<TLSSocket, 'getPeerCertificate'>
        ).getPeerCertificate()
        answer.resume().on('end', () => resolve(subjectaltname))
      })
        .on('error', reject)
        .end()
    })

  it('serves a new certificate when its files change, and drops no connection', async () => {
    const [kept, fresh] = [new Agent({ keepAlive: true }), new Agent()]
    expect(await nameServed(kept)).to.equal('DNS:first.test')
    let connections = 0
    node.server.on('connection', () => (connections += 1))
    const reload = nextReload()
    await use(1)
    await reload
    expect(await nameServed(kept)).to.equal('DNS:first.test')
    expect(connections).to.equal(0)
    expect(await nameServed(fresh)).to.equal('DNS:second.test')
    kept.destroy()
  })

  const broken: [title: string, breakIt: () => Promise<void>][] = [
    ['a key of another certificate', () => copyFile(issued[1]!.key, join(dir, 'key.pem'))],
    ['half a certificate', () => writeFile(join(dir, 'cert.pem'), '-----BEGIN CERTIFICATE-----\nAAAA')],
    ['an empty file', () => writeFile(join(dir, 'cert.pem'), '')],
    ['no file', () => rm(join(dir, 'cert.pem'))],
  ]
  for (const [title, breakIt] of broken) {
    it(`serves the old certificate on when it finds ${title}, and the new one when it is whole`, async () => {
      const agent = new Agent()
      const failed = nextNews().catch((error: unknown) => error)
      await breakIt()
      expect(await failed).to.be.instanceOf(Error)
      expect(await nameServed(agent)).to.equal('DNS:first.test')
      const reload = nextReload()
      await use(1)
      await reload
      expect(await nameServed(agent)).to.equal('DNS:second.test')
    })
    it(`does not start with ${title}`, async () => {
      await breakIt()
      expect(() => nodeServer({}, { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') })).to.throw()
      await use(0)
    })
  }

  it('closes without waiting for who never shakes hands', async () => {
    const silent = connect(port, '127.0.0.1')
    await once(node.server, 'connection')
    const closed = once(node.server, 'close')
    node.server.close()
    node.closeHandshakes()
    await Promise.all([closed, once(silent, 'close')])
  })

  it('is an HTTP server without files', () => {
    using plain = nodeServer({}, null)
    expect(plain.scheme).to.equal('http')
  })
})
