import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { expect } from 'chai'
import { guardedTransport, nodeTransport, type GuardedTransportOptions } from './node-transport.ts'
import { fetchOver } from './node-transport-fetch.ts'
import { dnsAddresses } from './outgoing-guard.ts'
import { testServer, type TestServer } from './testing/test-server.ts'
import type { Transport, TransportRequest } from './transport.ts'

const request = (url: string, changes: Partial<TransportRequest> = {}): TransportRequest => ({
  method: 'GET',
  url,
  headers: {},
  body: null,
  signal: AbortSignal.timeout(5_000),
  maxAnswerBytes: 100_000,
  ...changes,
})
const failure = (answer: Promise<unknown>) =>
  answer.then(
    () => expect.fail('there is an answer'),
    (error: unknown) => error as Error & { code?: string },
  )

describe('a transport over TLS', () => {
  let server: TestServer
  let answerWith: RequestListener
  beforeEach(async () => {
    answerWith = (_, response) => response.end('hello')
    server = await testServer((incoming, response) => answerWith(incoming, response), {
      names: ['right.test', '127.0.0.1'],
    })
  })
  afterEach(() => server[Symbol.asyncDispose]())

  const withGuard = async (
    options: Partial<GuardedTransportOptions>,
    test: (transport: Transport, port: number) => Promise<void>,
  ) => {
    const names = ['right.test', 'wrong.test', '127.0.0.1']
    const transport = guardedTransport({
      policy: { development: false, exceptions: names.map((name) => ({ name, network: '127.0.0.1/32' })) },
      resolve: () => Promise.resolve(['127.0.0.1']),
      ca: server.ca,
      ...options,
    })
    await test(transport, server.port)
    transport.close()
  }

  it('asks for the name by SNI and checks the certificate by it, though it connects to an address', () =>
    withGuard({}, async (transport, port) => {
      const { status, body } = await transport(request(`https://right.test:${port}/`))
      expect([status, Buffer.from(body).toString()]).to.deep.equal([200, 'hello'])
      const wrong = await failure(transport(request(`https://wrong.test:${port}/`)))
      expect(wrong.code).to.equal('ERR_TLS_CERT_ALTNAME_INVALID')
      expect(server.serverNames[0]).to.equal('right.test')
      expect(server.requests).to.equal(1)
    }))

  it('checks the certificate of a literal address by that address, whatever a host header says', () =>
    withGuard({}, async (transport, port) => {
      const headers = { host: 'wrong.test' }
      const { status } = await transport(request(`https://127.0.0.1:${port}/`, { headers }))
      expect([status, server.serverNames]).to.deep.equal([200, [false]])
    }))

  it('believes no private authority that is not configured, whatever the environment says', async () => {
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    try {
      const own = nodeTransport()
      const refused = await failure(own(request(`https://127.0.0.1:${server.port}/`)))
      expect(refused.code).to.equal('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
      own.close()
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
    }
    expect(server.requests).to.equal(0)
  })

  it('refuses a private authority that is no certificate', () => {
    const empty = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'
    for (const ca of ['', 'nonsense', empty, server.ca + empty]) expect(() => nodeTransport({ ca })).to.throw()
  })

  it('sends nothing for a signal that has aborted', () =>
    withGuard({}, async (transport, port) => {
      const signal = AbortSignal.abort(new Error('enough'))
      expect(await failure(transport(request(`https://right.test:${port}/`, { signal })))).to.have.property(
        'message',
        'enough',
      )
      expect(server.connections).to.equal(0)
    }))

  it('reads no endless answer, with less than the request allows', () =>
    withGuard({ mostAnswerBytes: 50_000 }, async (transport, port) => {
      let sent = 0
      answerWith = (_, response) => {
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(16_384))) sent += 16_384
        }
        response.on('drain', more)
        more()
      }
      const endless = await failure(transport(request(`https://right.test:${port}/`, { maxAnswerBytes: Infinity })))
      expect(endless.name).to.equal('AnswerTooLarge')
      await server.idle()
      expect(sent).to.be.below(20_000_000)
    }))

  it('waits for no answer that drips longer than it may, though its signal would', () =>
    withGuard({ mostMs: 150 }, async (transport, port) => {
      answerWith = (_, response) => {
        response.writeHead(200)
        const drip = setInterval(() => response.write('.'), 20)
        response.on('close', () => clearInterval(drip))
      }
      expect((await failure(transport(request(`https://right.test:${port}/`)))).message).to.equal('no answer in 150 ms')
      await server.idle()
    }))

  it('waits for no handshake that never comes, nor for a name that nobody resolves', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const sockets: Disposable[] = []
    silent.on('connection', (socket) => sockets.push({ [Symbol.dispose]: () => void socket.destroy() }))
    await withGuard({ mostMs: 100 }, async (transport) => {
      const { port } = silent.address() as AddressInfo
      expect((await failure(transport(request(`https://right.test:${port}/`)))).message).to.equal('no answer in 100 ms')
    })
    const resolve = () => new Promise<never>(() => undefined)
    await withGuard({ mostMs: 100, resolve }, async (transport, port) => {
      expect((await failure(transport(request(`https://right.test:${port}/`)))).message).to.equal('no answer in 100 ms')
    })
    for (const socket of sockets) socket[Symbol.dispose]()
    silent.close()
    expect(server.connections).to.equal(0)
  })

  it('gives up its questions to DNS when it closes, which would keep the process', async () => {
    const silent = createSocket('udp4').bind(0, '127.0.0.1')
    await once(silent, 'listening')
    const resolver = new Resolver({ timeout: 60_000, tries: 1 })
    resolver.setServers([`127.0.0.1:${silent.address().port}`])
    const resolve = dnsAddresses(resolver)
    let asking: Promise<unknown> = Promise.resolve()
    const ask = (name: string) => {
      const asked = resolve(name)
      asking = asked
      return asked
    }
    const watched = Object.assign(ask, resolve)
    const transport = guardedTransport({ policy: { development: false }, resolve: watched })
    const call = failure(transport(request('https://right.test/')))
    await once(silent, 'message')
    transport.close()
    expect(await failure(asking)).to.have.property('code', 'ECANCELLED')
    expect(await call).to.be.instanceOf(Error)
    silent.close()
  })

  describe('as a fetch', () => {
    it('sends method, headers and body, and gives the answer back', () =>
      withGuard({}, async (transport, port) => {
        answerWith = (incoming, response) => {
          incoming.toArray().then(
            (chunks) => {
              response.writeHead(201, { 'x-was': `${incoming.method} ${String(incoming.headers['x-a'])}` })
              response.end(Buffer.concat(chunks as Buffer[]))
            },
            () => expect.fail(),
          )
        }
        const url = `https://right.test:${port}/path`
        const fetchLike = fetchOver(transport, { mostMs: 5_000, maxAnswerBytes: 1_000 })
        const answer = await fetchLike(url, { method: 'POST', headers: { 'X-A': 'b' }, body: '{"c":1}' })
        expect([answer.status, answer.ok, answer.url, answer.headers.get('x-was')]).to.deep.equal([
          201,
          true,
          url,
          'POST b',
        ])
        expect(await answer.json()).to.deep.equal({ c: 1 })
        answerWith = (_, response) => response.writeHead(204).end()
        expect((await fetchLike(new URL(url))).status).to.equal(204)
      }))

    it('ends in time, and at the bound of bytes', () =>
      withGuard({}, async (transport, port) => {
        const url = `https://right.test:${port}/`
        answerWith = (_, response) => response.end(Buffer.alloc(2_000))
        const small = fetchOver(transport, { mostMs: 5_000, maxAnswerBytes: 1_000 })
        expect((await failure(small(url))).name).to.equal('AnswerTooLarge')
        answerWith = () => undefined
        const short = fetchOver(transport, { mostMs: 50, maxAnswerBytes: 1_000 })
        expect((await failure(short(url))).name).to.equal('TimeoutError')
      }))
  })
})
