import { expect } from 'chai'
import { guardedTransport, type NodeTransport } from './node-transport.ts'
import { fetchOver } from './node-transport-fetch.ts'
import { outgoingGuard, OutgoingRefused, type OutgoingPolicy, type OutgoingTarget } from './outgoing-guard.ts'
import { countConnects, countingListeners, type CountingListeners } from './testing/connection-count.ts'
import { dnsResponder, type DnsResponder } from './testing/dns-responder.ts'
import { redirectTargets, refusedForms, refusedNames } from './testing/outgoing-forms.ts'
import { SeededRandom } from './testing/seeded-random.ts'
import { testServer } from './testing/test-server.ts'

const production: OutgoingPolicy = { development: false }

/** What a call came to: its status, or why there is none. */
async function call(transport: NodeTransport, url: string): Promise<number | Error> {
  const signal = AbortSignal.timeout(5_000)
  const request = { method: 'GET', url, headers: {}, body: null, signal, maxAnswerBytes: 1_000 }
  return await transport(request).then(
    ({ status }) => status,
    (error: unknown) => error as Error,
  )
}

describe('the guard of outgoing calls', () => {
  let dns: DnsResponder
  let listeners: CountingListeners
  before(async () => {
    const others: Record<string, readonly string[]> = { 'public.test': ['127.0.0.1'], 'empty.test': [] }
    dns = await dnsResponder((name) => others[name] ?? refusedNames[name] ?? null)
    listeners = await countingListeners()
  })
  after(() => Promise.all([dns[Symbol.asyncDispose](), listeners[Symbol.asyncDispose]()]))

  // A name that would arrive, were it not for what else is wrong with a form.
  const exceptions = [{ name: 'public.test', network: '127.0.0.1/32' }]
  const guarded = () => guardedTransport({ policy: { ...production, exceptions }, resolve: dns.resolve })
  const withPort = (form: string) => form.replaceAll('PORT', String(listeners.port))

  it('is watched by counters that count', async () => {
    const [transport, came] = [guarded(), listeners.count]
    using connects = countConnects()
    expect(await call(transport, withPort('https://public.test:PORT/'))).to.be.instanceOf(Error)
    expect([connects.count, listeners.count - came]).to.deep.equal([1, 1])
    transport.close()
  })

  it('is tried with more than 300 forms', () => {
    expect(new Set(Object.values(refusedForms).flat()).size).to.be.at.least(300)
  })

  for (const [reason, forms] of Object.entries(refusedForms)) {
    it(`connects to none of ${forms.length} forms: ${reason}`, async () => {
      const [transport, came] = [guarded(), listeners.count]
      using connects = countConnects()
      for (const form of forms) {
        const outcome = await call(transport, withPort(form))
        expect(outcome, form).to.be.instanceOf(OutgoingRefused)
        expect((outcome as Error).message, form).to.include(reason)
      }
      expect([connects.count, listeners.count - came]).to.deep.equal([0, 0])
      transport.close()
    })
  }

  it(`connects to none of ${Object.keys(refusedNames).length} names that lead to such addresses`, async () => {
    const [transport, came] = [guarded(), listeners.count]
    using connects = countConnects()
    for (const name of Object.keys(refusedNames)) {
      expect(await call(transport, withPort(`https://${name}:PORT/`)), name).to.be.instanceOf(OutgoingRefused)
      expect(dns.asked(name), name).to.equal(2)
    }
    expect(await call(transport, withPort('https://unknown.test:PORT/'))).to.have.property('code', 'ENOTFOUND')
    expect(await call(transport, withPort('https://empty.test:PORT/'))).to.have.property('code', 'ENODATA')
    expect([connects.count, listeners.count - came]).to.deep.equal([0, 0])
    transport.close()
  })

  it('asks DNS once for a connection, and connects to that answer alone, however answers change', async () => {
    // 127.0.0.2 plays the public address, 127.0.0.1 the one behind it.
    const changes = [['127.0.0.2'], ['127.0.0.1'], ['127.0.0.2', '127.0.0.1'], ['127.0.0.1'], ['127.0.0.2']]
    await using changing = await dnsResponder((_, round) => changes[round % changes.length] ?? null)
    await using server = await testServer((_, response) => response.end(), {
      names: ['changing.test'],
      address: '127.0.0.2',
    })
    await using inside = await testServer((_, response) => response.end(), {
      names: ['changing.test'],
      address: '127.0.0.1',
      port: server.port,
    })
    const transport = guardedTransport({
      policy: { ...production, exceptions: [{ name: 'changing.test', network: '127.0.0.2/32' }] },
      resolve: changing.resolve,
      ca: server.ca,
    })
    using connects = countConnects()
    const outcomes: (number | string)[] = []
    for (let round = 0; round < 50; round += 1) {
      const outcome = await call(transport, `https://changing.test:${server.port}/`)
      outcomes.push(typeof outcome === 'number' ? outcome : outcome.name)
      server.hangUp()
      await server.idle()
    }
    const cycle = [200, 'OutgoingRefused', 'OutgoingRefused', 'OutgoingRefused', 200]
    expect(outcomes).to.deep.equal(Array.from({ length: 50 }, (_, round) => cycle[round % 5]))
    expect(changing.asked('changing.test')).to.equal(100)
    expect([connects.count, server.connections, inside.connections]).to.deep.equal([20, 20, 0])
    transport.close()
  })

  it('leaves a kept connection where it was checked, and makes no other once the name is refused', async () => {
    let answer = '127.0.0.2'
    await using server = await testServer((_, response) => response.end(), {
      names: ['moving.test'],
      address: '127.0.0.2',
    })
    await using inside = await testServer((_, response) => response.end(), {
      names: ['moving.test'],
      address: '127.0.0.1',
      port: server.port,
    })
    const transport = guardedTransport({
      policy: { ...production, exceptions: [{ name: 'moving.test', network: '127.0.0.2/32' }] },
      resolve: () => Promise.resolve([answer]),
      ca: server.ca,
    })
    const url = `https://moving.test:${server.port}/`
    expect(await call(transport, url)).to.equal(200)
    answer = '127.0.0.1'
    expect([await call(transport, url), server.connections, inside.connections]).to.deep.equal([200, 1, 0])
    server.hangUp()
    await server.idle()
    expect(await call(transport, url)).to.be.instanceOf(OutgoingRefused)
    expect([server.connections, inside.connections]).to.deep.equal([1, 0])
    transport.close()
  })

  it('follows no redirect', async () => {
    await using server = await testServer(
      (request, response) => {
        const [, status, target] = (request.url ?? '').split('/')
        response.writeHead(Number(status), { location: decodeURIComponent(target ?? '') }).end()
      },
      { names: ['here.test'], address: '127.0.0.1' },
    )
    const transport = guardedTransport({
      policy: { ...production, exceptions: [{ name: 'here.test', network: '127.0.0.1/32' }] },
      resolve: (name) => (name === 'here.test' ? Promise.resolve(['127.0.0.1']) : dns.resolve(name)),
      ca: server.ca,
    })
    const fetchLike = fetchOver(transport, { mostMs: 5_000, maxAnswerBytes: 1_000 })
    const came = listeners.count
    using connects = countConnects()
    for (const status of [301, 302, 303, 307, 308]) {
      for (const target of redirectTargets.map(withPort)) {
        const url = `https://here.test:${server.port}/${status}/${encodeURIComponent(target)}`
        expect(await call(transport, url)).to.equal(status)
        expect(await fetchLike(url).catch((error: unknown) => error)).to.be.instanceOf(TypeError)
      }
    }
    expect([connects.count, server.connections, listeners.count - came]).to.deep.equal([1, 1, 0])
    expect(server.requests).to.equal(2 * 5 * redirectTargets.length)
    transport.close()
  })

  it('tells refused networks from others in 3,000 random spellings', () => {
    const random = new SeededRandom(13)
    const guard = outgoingGuard(production)
    const digits = '０１２３４５６７８９'
    const number = (value: number) => random.pick([String(value), `0x${value.toString(16)}`, `0${value.toString(8)}`])
    const spellings: ((bytes: number[], value: number) => string)[] = [
      (bytes) => bytes.map(number).join('.'),
      ([a = 0, b = 0, c = 0, d = 0]) => [a, b, c * 256 + d].map(number).join('.'),
      ([a = 0], value) => [a, value % 0x1000000].map(number).join('.'),
      (_, value) => number(value),
      (bytes) => bytes.join(random.pick(['.', '。', '．', '%2e'])),
      (bytes) => bytes.join('.').replace(/\d/g, (digit) => digits[Number(digit)] ?? ''),
      (bytes) => bytes.join('.').replace(/\d/g, (digit) => `%3${digit}`),
      (bytes) => `[::ffff:${bytes.join('.')}]`,
      (_, value) => `[0:0:0:0:0:FFFF:${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}]`,
      (bytes) => `[64:ff9b::${bytes.join('.')}]`,
    ]
    const inside = ['0', '10', '127', '100.64', '169.254', '172.16', '172.31', '192.168', '198.18', '203.0.113', '255']
    const outside = ['1', '9', '11', '100.128', '126', '128', '169.253', '172.15', '172.32', '192.169', '198.20', '223']
    for (let round = 0; round < 3_000; round += 1) {
      const isRefused = round % 2 === 0
      const start = random
        .pick(isRefused ? inside : outside)
        .split('.')
        .map(Number)
      const bytes = [...start, ...random.bytes(4)].slice(0, 4)
      const value = Buffer.from(bytes).readUInt32BE()
      const url = `https://${random.pick(spellings)(bytes, value)}:8443/`
      if (isRefused) expect(() => guard.admit(url), `${bytes.join('.')} as ${url}`).to.throw(OutgoingRefused)
      else expect(guard.admit(url).port, `${bytes.join('.')} as ${url}`).to.equal(8443)
    }
  })

  const admitted: [url: string, target: Partial<OutgoingTarget>][] = [
    ['https://relay.example', { protocol: 'https:', hostname: 'relay.example', port: 443, path: '/' }],
    ['https://relay.example:8443/a?b=c#d', { hostname: 'relay.example', port: 8443, path: '/a?b=c' }],
    ['https://Bücher.example./', { hostname: 'xn--bcher-kva.example' }],
    ['https://1.1.1.1/', { hostname: '1.1.1.1' }],
    ['https://0x01010101/', { hostname: '1.1.1.1' }],
    ['https://9.255.255.255/', { hostname: '9.255.255.255' }],
    ['https://11.0.0.0/', { hostname: '11.0.0.0' }],
    ['https://100.63.255.255/', { hostname: '100.63.255.255' }],
    ['https://100.128.0.0/', { hostname: '100.128.0.0' }],
    ['https://126.255.255.255/', { hostname: '126.255.255.255' }],
    ['https://128.0.0.0/', { hostname: '128.0.0.0' }],
    ['https://169.253.255.255/', { hostname: '169.253.255.255' }],
    ['https://169.255.0.0/', { hostname: '169.255.0.0' }],
    ['https://172.15.255.255/', { hostname: '172.15.255.255' }],
    ['https://172.32.0.0/', { hostname: '172.32.0.0' }],
    ['https://192.167.255.255/', { hostname: '192.167.255.255' }],
    ['https://192.169.0.0/', { hostname: '192.169.0.0' }],
    ['https://198.17.255.255/', { hostname: '198.17.255.255' }],
    ['https://198.20.0.0/', { hostname: '198.20.0.0' }],
    ['https://223.255.255.255/', { hostname: '223.255.255.255' }],
    ['https://168.63.129.17/', { hostname: '168.63.129.17' }],
    ['https://[2606:4700::1111]:8443/', { hostname: '2606:4700::1111', port: 8443 }],
    ['https://[2003::1]/', { hostname: '2003::1' }],
    ['https://[2001:200::1]/', { hostname: '2001:200::1' }],
    ['https://[::ffff:8.8.8.8]/', { hostname: '::ffff:808:808' }],
    ['https://[64:ff9b::8.8.8.8]/', { hostname: '64:ff9b::808:808' }],
  ]
  for (const [url, target] of admitted) {
    it(`lets ${url} through`, () => {
      expect(outgoingGuard(production).admit(url)).to.deep.include(target)
    })
  }

  const inDevelopment: [url: string, passes: boolean][] = [
    ['http://127.0.0.1:PORT/', true],
    ['http://localhost:PORT/', true],
    ['http://a.localhost:PORT/', true],
    ['http://[::1]:PORT/', true],
    ['http://127.1:PORT/', true],
    ['https://127.0.0.2:PORT/', true],
    ['http://loopback.test:PORT/', true],
    ['http://10.0.0.1:PORT/', false],
    ['https://192.168.0.1:PORT/', false],
    ['http://169.254.169.254/', false],
    ['http://8.8.8.8/', false],
    ['http://among-public.test:PORT/', false],
    ['http://private.test:PORT/', false],
    ['http://user@127.0.0.1:PORT/', false],
    ['http://127.0.0.1:25/', false],
  ]
  for (const [url, passes] of inDevelopment) {
    it(`${passes ? 'lets' : 'does not let'} ${url} through in development`, async () => {
      const transport = guardedTransport({ policy: { development: true }, resolve: dns.resolve })
      const came = listeners.count
      const outcome = await call(transport, withPort(url))
      expect(outcome instanceof OutgoingRefused, String(outcome)).to.equal(!passes)
      expect(listeners.count > came).to.equal(passes)
      transport.close()
    })
  }

  it('lets an exception through for its own name and network only', async () => {
    const transport = guardedTransport({
      policy: { ...production, exceptions: [{ name: 'loopback.test', network: '127.0.0.0/24' }] },
      resolve: (name) => Promise.resolve([name === 'loopback.test' ? '127.0.0.2' : '127.0.0.1']),
    })
    const came = listeners.count
    expect(await call(transport, withPort('https://loopback.test:PORT/'))).to.not.be.instanceOf(OutgoingRefused)
    expect(listeners.count - came).to.equal(1)
    for (const url of ['https://other.test:PORT/', 'https://127.0.0.2:PORT/', 'https://a.loopback.test:PORT/']) {
      expect(await call(transport, withPort(url)), url).to.be.instanceOf(OutgoingRefused)
    }
    expect(listeners.count - came).to.equal(1)
    transport.close()
    expect(() =>
      guardedTransport({ policy: { ...production, exceptions: [{ name: 'a.test', network: '10.0.0.1' }] } }),
    ).to.throw(TypeError)
  })
})
