import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PrivateKey, ProtoWallet } from '@bsv/sdk'
import type { IdentityKey } from '@overpost/protocol'
import { expect } from 'chai'
import { ClientSession } from './client-session.ts'
import { fetchTransport } from './fetch-transport.ts'
import { HostSession } from './host-session.ts'
import { IdentityWallet } from './identity-wallet.ts'
import { nodeTransport, type NodeTransport } from './node-transport.ts'
import { SessionError } from './session-error.ts'
import { aliceKeyHex, bobKeyHex, hostKeyHex, startAuthHost } from './testing/auth-host.ts'
import type { SignedSession } from './signed-session.ts'
import type { Transport, TransportAnswer, TransportRequest } from './transport.ts'

const hostKey = new IdentityWallet(hostKeyHex).identityKey
const alice = new IdentityWallet(aliceKeyHex).identityKey
const bob = new IdentityWallet(bobKeyHex).identityKey
const soon = () => AbortSignal.timeout(5_000)
const text = ({ body }: TransportAnswer) => Buffer.from(body).toString('utf8')

async function faultOf(work: Promise<unknown>): Promise<SessionError> {
  try {
    await work
  } catch (error) {
    if (error instanceof SessionError) return error
    throw error
  }
  throw new Error('expected a SessionError')
}

/** A plain server, for what no good host answers. */
async function startPlain(listener: RequestListener) {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

describe('a session', () => {
  let transport: NodeTransport
  beforeEach(() => {
    transport = nodeTransport()
  })
  afterEach(() => transport.close())

  const open = (origin: string, expectedHostKey: IdentityKey | null = hostKey, over: Transport = transport) =>
    new HostSession({ wallet: new IdentityWallet(aliceKeyHex), origin, expectedHostKey, transport: over })

  const kinds: [title: string, make: (origin: string) => SignedSession][] = [
    ['of a host over node:http', (origin) => open(origin)],
    ['of a host over fetch', (origin) => open(origin, hostKey, fetchTransport())],
    [
      'of a client over fetch',
      (origin) => {
        const wallet = new ProtoWallet(PrivateKey.fromHex(aliceKeyHex))
        return new ClientSession({ wallet, origin, expectedHostKey: hostKey, transport: fetchTransport() })
      },
    ],
  ]
  for (const [title, make] of kinds) {
    it(`${title} makes calls of all kinds`, async () => {
      await using host = await startAuthHost()
      const session = make(host.origin)
      const bytes = new TextEncoder().encode('{"ü":1}')
      const calls = [
        { method: 'GET', path: '/a?x=1&y=%20' },
        { method: 'POST', path: '/a', body: '{"text":"grüße 🎉"}' },
        { method: 'POST', path: '/a', body: bytes, headers: { 'Content-Type': 'text/plain; charset=utf-8' } },
        { method: 'POST', path: '/a', headers: { 'x-bsv-b': '1', 'x-bsv-a': ' é ', authorization: 'Bearer x' } },
        { method: 'PUT', path: '/a', body: 'x'.repeat(100_000) },
        { method: 'DELETE', path: '/' },
      ]
      for (const call of calls) {
        const answer = await session.call({ ...call, signal: soon() })
        const body = typeof call.body === 'object' ? '{"ü":1}' : (call.body ?? '')
        expect(JSON.parse(text(answer))).to.deep.equal({ peer: alice, url: call.path, body })
        expect(answer.status).to.equal(200)
      }
      expect(session.hostKey).to.equal(hostKey)
    })
  }

  it('shakes hands once for many calls at once', async () => {
    await using host = await startAuthHost()
    const urls: string[] = []
    const counting: Transport = (request) => {
      urls.push(new URL(request.url).pathname)
      return transport(request)
    }
    const session = open(host.origin, hostKey, counting)
    const calls = Array.from({ length: 50 }, (_, at) => session.call({ method: 'GET', path: `/${at}`, signal: soon() }))
    const answers = await Promise.all(calls)
    expect(answers.map((answer) => (JSON.parse(text(answer)) as { url: string }).url)).to.deep.equal(
      Array.from({ length: 50 }, (_, at) => `/${at}`),
    )
    expect(urls.filter((url) => url === '/.well-known/auth')).to.have.length(1)
    // After a crash all fifty are refused once, and shake hands once together.
    await host.restart('crash')
    urls.length = 0
    await Promise.all(Array.from({ length: 50 }, () => session.call({ method: 'GET', path: '/', signal: soon() })))
    expect(urls.filter((url) => url === '/.well-known/auth')).to.have.length(1)
    await host.restart('clean')
    urls.length = 0
    await session.call({ method: 'GET', path: '/', signal: soon() })
    expect(urls).to.deep.equal(['/'])
  })

  it('sends nothing to a host with another key', async () => {
    await using host = await startAuthHost()
    const urls: string[] = []
    const session = open(host.origin, bob, (request) => {
      urls.push(new URL(request.url).pathname)
      return transport(request)
    })
    const error = await faultOf(session.call({ method: 'POST', path: '/secret', body: '{}', signal: soon() }))
    expect(error.fault).to.equal('wrong-key')
    expect(urls).to.deep.equal(['/.well-known/auth'])
  })

  it('holds a host that was not known before to the key it showed first', async () => {
    await using host = await startAuthHost()
    await using other = await startAuthHost(undefined, { wallet: new IdentityWallet(bobKeyHex) })
    let origin = host.origin
    const session = open(host.origin, null, (request) =>
      transport({ ...request, url: request.url.replace(host.origin, origin) }),
    )
    expect(session.hostKey).to.equal(null)
    await session.call({ method: 'GET', path: '/', signal: soon() })
    expect(session.hostKey).to.equal(hostKey)
    origin = other.origin
    expect((await faultOf(session.call({ method: 'GET', path: '/', signal: soon() }))).fault).to.equal('wrong-key')
    expect(session.hostKey).to.equal(hostKey)
  })

  it('returns a 402 and a signed 401 as answers, and calls once', async () => {
    let calls = 0
    for (const status of [402, 401, 500]) {
      await using host = await startAuthHost((ctx) => {
        calls++
        ctx.status = status
        ctx.set('x-bsv-payment-satoshis-required', '10')
        ctx.body = { code: 'MINE' }
      })
      const answer = await open(host.origin).call({ method: 'GET', path: '/', signal: soon() })
      expect([answer.status, text(answer)]).to.deep.equal([status, '{"code":"MINE"}'])
      expect(answer.headers['x-bsv-payment-satoshis-required']).to.equal('10')
    }
    expect(calls).to.equal(3)
  })

  const tampered: [title: string, change: (answer: TransportAnswer, request: TransportRequest) => TransportAnswer][] = [
    ['another body', (answer) => ({ ...answer, body: new TextEncoder().encode('{}') })],
    ['another status', (answer) => ({ ...answer, status: 201 })],
    ['a header that nobody signed', (answer) => ({ ...answer, headers: { ...answer.headers, 'x-bsv-extra': '1' } })],
    ['another key', (answer) => ({ ...answer, headers: { ...answer.headers, 'x-bsv-auth-identity-key': bob } })],
    ['another nonce', (answer) => ({ ...answer, headers: { ...answer.headers, 'x-bsv-auth-nonce': 'AAAA' } })],
    ['another session', (answer) => ({ ...answer, headers: { ...answer.headers, 'x-bsv-auth-your-nonce': 'AAAA' } })],
    ['another version', (answer) => ({ ...answer, headers: { ...answer.headers, 'x-bsv-auth-version': '0.2' } })],
    ['no hexadecimal', (answer) => ({ ...answer, headers: { ...answer.headers, 'x-bsv-auth-signature': 'zz' } })],
  ]
  for (const [title, change] of tampered) {
    it(`does not believe an answer with ${title}`, async () => {
      await using host = await startAuthHost()
      const session = open(host.origin, hostKey, async (request) => {
        const answer = await transport(request)
        return request.url.endsWith('/.well-known/auth') ? answer : change(answer, request)
      })
      const error = await faultOf(session.call({ method: 'GET', path: '/', signal: soon() }))
      expect(error.fault).to.equal('not-authentic')
    })
  }

  it('does not believe the answer to another of its calls', async () => {
    await using host = await startAuthHost()
    let earlier: TransportAnswer | null = null
    const session = open(host.origin, hostKey, async (request) => {
      const answer = await transport(request)
      if (request.url.endsWith('/.well-known/auth')) return answer
      earlier ??= answer
      return earlier
    })
    await session.call({ method: 'GET', path: '/', signal: soon() })
    expect((await faultOf(session.call({ method: 'GET', path: '/', signal: soon() }))).fault).to.equal('not-authentic')
  })

  it('tells the status of an answer that nobody signed', async () => {
    await using host = await startAuthHost(undefined, { limitBytes: 1000 })
    const session = open(host.origin)
    const error = await faultOf(session.call({ method: 'POST', path: '/', body: 'x'.repeat(2000), signal: soon() }))
    expect([error.fault, error.status]).to.deep.equal(['unsigned', 413])
    await using busy = await startPlain((_request, response) =>
      response.writeHead(503, { 'retry-after': '7' }).end('later'),
    )
    const refusal = await faultOf(open(busy.origin).call({ method: 'GET', path: '/', signal: soon() }))
    expect([refusal.fault, refusal.status, refusal.retryAfter]).to.deep.equal(['unsigned', 503, '7'])
  })

  it('gives up after one new handshake when 401 comes again', async () => {
    await using host = await startAuthHost()
    const urls: string[] = []
    const session = open(host.origin, hostKey, async (request) => {
      urls.push(new URL(request.url).pathname)
      const answer = await transport(request)
      return request.url.endsWith('/.well-known/auth') ? answer : { status: 401, headers: {}, body: new Uint8Array(0) }
    })
    expect((await faultOf(session.call({ method: 'GET', path: '/', signal: soon() }))).fault).to.equal('refused')
    expect(urls).to.deep.equal(['/.well-known/auth', '/', '/.well-known/auth', '/'])
  })

  const handshakes: [title: string, body: string][] = [
    ['that is no JSON', 'hello'],
    ['that is null', 'null'],
    ['that is empty', '{}'],
    ['of another type', JSON.stringify({ version: '0.1', messageType: 'general', identityKey: hostKey })],
  ]
  for (const [title, body] of handshakes) {
    it(`does not believe a handshake ${title}`, async () => {
      await using plain = await startPlain((_request, response) => response.end(body))
      const error = await faultOf(open(plain.origin).call({ method: 'GET', path: '/', signal: soon() }))
      expect(error.fault).to.equal('not-authentic')
    })
  }

  it('does not believe a handshake signed by another key than it names', async () => {
    await using host = await startAuthHost(undefined, { wallet: new IdentityWallet(bobKeyHex) })
    const session = open(host.origin, hostKey, async (request) => {
      const answer = await transport(request)
      const body = text(answer).replace(`"identityKey":"${bob}"`, `"identityKey":"${hostKey}"`)
      return { ...answer, body: new TextEncoder().encode(body) }
    })
    expect((await faultOf(session.call({ method: 'GET', path: '/', signal: soon() }))).fault).to.equal('not-authentic')
  })

  it('can shake hands after it failed to', async () => {
    await using host = await startAuthHost()
    let broken = true
    const session = open(host.origin, hostKey, (request) => {
      if (broken) return Promise.reject(new Error('no network'))
      return transport(request)
    })
    expect((await faultOf(session.call({ method: 'GET', path: '/', signal: soon() }))).fault).to.equal('unreachable')
    broken = false
    expect((await session.call({ method: 'GET', path: '/', signal: soon() })).status).to.equal(200)
  })

  it('says that a host which is down is unreachable', async () => {
    const { origin } = await startPlain(() => undefined).then(async (plain) => {
      await plain[Symbol.asyncDispose]()
      return plain
    })
    for (const over of [transport, fetchTransport()]) {
      const error = await faultOf(open(origin, hostKey, over).call({ method: 'GET', path: '/', signal: soon() }))
      expect(error.fault).to.equal('unreachable')
    }
  })

  for (const kind of ['node', 'fetch'] as const) {
    const over = () => (kind === 'node' ? transport : fetchTransport())

    it(`ends a call when its signal aborts, in the handshake and in the answer (${kind})`, async () => {
      const reason = new Error('enough')
      await using silent = await startPlain(() => undefined)
      const early = new AbortController()
      const handshake = open(silent.origin, hostKey, over()).call({ method: 'GET', path: '/', signal: early.signal })
      early.abort(reason)
      expect(await handshake.catch((error: unknown) => error)).to.equal(reason)

      let entered = () => {}
      const inside = new Promise<void>((resolve) => (entered = resolve))
      await using slow = await startAuthHost(() => {
        entered()
        return new Promise(() => {})
      })
      const late = new AbortController()
      const call = open(slow.origin, hostKey, over()).call({ method: 'GET', path: '/', signal: late.signal })
      await inside
      late.abort(reason)
      expect(await call.catch((error: unknown) => error)).to.equal(reason)
      expect(
        await open(slow.origin)
          .call({ method: 'GET', path: '/', signal: late.signal })
          .catch((error: unknown) => error),
      ).to.equal(reason)
    })

    it(`ends a call at its deadline (${kind})`, async () => {
      await using slow = await startAuthHost(() => new Promise(() => {}))
      const session = open(slow.origin, hostKey, over())
      const started = performance.now()
      const error: unknown = await session
        .call({ method: 'GET', path: '/', signal: AbortSignal.timeout(100) })
        .catch((reason: unknown) => reason)
      expect((error as Error).name).to.equal('TimeoutError')
      expect(performance.now() - started).to.be.below(2_000)
    })

    it(`stops reading an answer that is too large (${kind})`, async () => {
      await using host = await startAuthHost((ctx) => {
        ctx.body = 'x'.repeat(10_000)
      })
      const session = open(host.origin, hostKey, over())
      const call = { method: 'GET', path: '/', signal: soon() }
      expect((await faultOf(session.call({ ...call, maxAnswerBytes: 9_999 }))).fault).to.equal('too-large')
      expect((await session.call({ ...call, maxAnswerBytes: 10_000 })).body).to.have.length(10_000)

      // One without a length that never ends, too.
      await using endless = await startPlain((_request, response) => {
        const more = () => {
          while (response.writable && response.write('x'.repeat(1000)));
        }
        response.on('drain', more)
        more()
      })
      const error = await faultOf(open(endless.origin, hostKey, over()).call(call))
      expect(error.fault).to.equal('too-large')
    })

    it(`follows no redirect (${kind})`, async () => {
      await using host = await startAuthHost()
      await using plain = await startPlain((request, response) =>
        response.writeHead(307, { location: host.origin + (request.url ?? '') }).end(),
      )
      const error = await faultOf(
        open(plain.origin, hostKey, over()).call({ method: 'GET', path: '/', signal: soon() }),
      )
      expect(error.fault).to.equal(kind === 'node' ? 'unsigned' : 'unreachable')
    })
  }

  it('gives up a handshake that takes too long', async () => {
    await using silent = await startPlain(() => undefined)
    const session = new HostSession({
      wallet: new IdentityWallet(aliceKeyHex),
      origin: silent.origin,
      expectedHostKey: hostKey,
      transport,
      handshakeTimeoutMs: 50,
    })
    expect((await faultOf(session.call({ method: 'GET', path: '/', signal: soon() }))).fault).to.equal('unreachable')
  })

  for (const path of ['', 'a', '//example.com/', '@example.com/', '.example.com/', '/a#b']) {
    it(`does not take ${path || 'nothing'} for a path`, async () => {
      const session = open('http://127.0.0.1:9')
      const error: unknown = await session
        .call({ method: 'GET', path, signal: soon() })
        .catch((reason: unknown) => reason)
      expect(error).to.be.instanceOf(path === '//example.com/' ? SessionError : TypeError)
    })
  }

  it('takes no header that it cannot sign, and no URL that is not an origin', async () => {
    const session = open('http://127.0.0.1:9')
    for (const name of ['cookie', 'x-bsv-auth-nonce']) {
      const call = session.call({ method: 'GET', path: '/', headers: { [name]: 'x' }, signal: soon() })
      expect(await call.catch((error: unknown) => error)).to.be.instanceOf(TypeError)
    }
    for (const origin of ['http://a.example/', 'ftp://a.example', 'http://a.example/b', 'HTTP://a.example']) {
      expect(() => open(origin)).to.throw(TypeError)
    }
  })
})
