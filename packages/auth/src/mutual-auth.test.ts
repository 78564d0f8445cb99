import { AuthFetch, PrivateKey, ProtoWallet, type WalletInterface } from '@bsv/sdk'
import { RelayError } from '@overpost/protocol'
import { expect } from 'chai'
import { responsePayload } from './auth-payload.ts'
import { messageKey } from './auth-protocol.ts'
import { IdentityWallet } from './identity-wallet.ts'
import * as fixture from './testing/auth-host.ts'
import {
  keepAliveSender,
  openSession,
  sendRaw,
  settledHeapBytes,
  shakeHands,
  signRaw,
  startAuthHost,
  type AuthHost,
  type RawAnswer,
} from './testing/auth-host.ts'

const { aliceKeyHex, bobKeyHex, hostKeyHex } = fixture
const alice = new IdentityWallet(aliceKeyHex).identityKey
const bob = new IdentityWallet(bobKeyHex).identityKey
const host22 = new IdentityWallet(hostKeyHex).identityKey

/** What the stock client shows: some of its failures are promises that never settle. */
function authFetch(keyHex: string): AuthFetch {
  return new AuthFetch(new ProtoWallet(PrivateKey.fromHex(keyHex)) as unknown as WalletInterface)
}

interface Echo {
  peer: string
  url: string
  body: string
}

async function echoOf(response: Response): Promise<Echo> {
  expect(response.status).to.equal(200)
  return (await response.json()) as Echo
}

function expectRefusal(answer: RawAnswer): void {
  expect(answer.status).to.equal(401)
  expect(Object.keys(answer.headers).filter((name) => name.startsWith('x-bsv'))).to.deep.equal([])
  const body = JSON.parse(answer.body) as Record<string, unknown>
  expect(body).to.include({ status: 'error', code: 'UNAUTHORIZED' })
  expect(body['description']).to.be.a('string').and.equal(body['message'])
}

function expectSigned(
  answer: RawAnswer,
  session: fixture.RawSession,
  request: fixture.RawRequest,
  hostKey = host22,
): void {
  const { headers, status } = answer
  const nonce = String(headers['x-bsv-auth-nonce'])
  expect(headers['x-bsv-auth-request-id']).to.equal(request.headers['x-bsv-auth-request-id'])
  expect(headers['x-bsv-auth-your-nonce']).to.equal(session.nonce)
  const payload = responsePayload({
    requestId: Buffer.from(String(headers['x-bsv-auth-request-id']), 'base64'),
    status,
    headers: [],
    body: Buffer.from(answer.body),
  })
  const signature = Buffer.from(String(headers['x-bsv-auth-signature']), 'hex')
  expect(session.wallet.verifyFrom(hostKey, messageKey(nonce, session.nonce), payload, signature)).to.equal(true)
}

describe('MutualAuth with the stock AuthFetch of @bsv/sdk', () => {
  let host: AuthHost
  beforeEach(async () => {
    host = await startAuthHost()
  })
  afterEach(() => host[Symbol.asyncDispose]())
  const json = { 'content-type': 'application/json' }

  const calls: [title: string, path: string, config: object, url: string, body: string][] = [
    ['a GET with a query', '/a/b?x=1&y=%20z', {}, '/a/b?x=1&y=%20z', ''],
    ['a GET with an empty query', '/a?', {}, '/a', ''],
    [
      'UTF-8',
      '/ü?ö',
      { method: 'POST', headers: json, body: '{"text":"grüße 🎉"}' },
      '/%C3%BC?%C3%B6',
      '{"text":"grüße 🎉"}',
    ],
    ['pretty JSON', '/a', { method: 'POST', headers: json, body: '{\n  "a": 1\n}\n' }, '/a', '{\n  "a": 1\n}\n'],
    ['an object', '/a', { method: 'POST', headers: json, body: { a: 1 } }, '/a', '{"a":1}'],
    ['a JSON POST without a body', '/a', { method: 'POST', headers: json }, '/a', '{}'],
    ['a POST without a body or type', '/a', { method: 'POST' }, '/a', ''],
    ['a DELETE', '/a', { method: 'DELETE' }, '/a', ''],
    [
      'a type with parameters',
      '/a',
      { method: 'PUT', headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'hi' },
      '/a',
      'hi',
    ],
    [
      'signed headers',
      '/a',
      { headers: { Authorization: 'Bearer x', 'x-bsv-b-c': '1', 'x-bsv-bd': '2', 'x-bsv-a': 'é' } },
      '/a',
      '',
    ],
    ['a large body', '/a', { method: 'POST', headers: json, body: 'x'.repeat(70_000) }, '/a', 'x'.repeat(70_000)],
  ]
  for (const [title, path, config, url, body] of calls) {
    it(`takes ${title}`, async () => {
      const response = await authFetch(aliceKeyHex).fetch(host.origin + path, config)
      expect(await echoOf(response)).to.deep.equal({ peer: alice, url, body })
      expect(response.headers.get('x-bsv-auth-identity-key')).to.equal(host22)
    })
  }

  it('answers two clients of one key, 30 calls each at once', async () => {
    const clients = [authFetch(aliceKeyHex), authFetch(aliceKeyHex)]
    const calls = clients.flatMap((client, device) =>
      Array.from({ length: 30 }, async (_, call) => {
        const response = await client.fetch(`${host.origin}/?device=${device}&call=${call}`)
        expect((await echoOf(response)).url).to.equal(`/?device=${device}&call=${call}`)
      }),
    )
    await Promise.all(calls)
  }).timeout(20_000)

  it('keeps its sessions over a clean restart', async () => {
    const client = authFetch(aliceKeyHex)
    await echoOf(await client.fetch(`${host.origin}/1`))
    const request = signRaw(await openSession(host.origin, bobKeyHex), {})
    await host.restart('clean')
    await echoOf(await client.fetch(`${host.origin}/2`))
    expect((await sendRaw(host.origin, request)).status).to.equal(200)
  })

  it('makes it shake hands again after a crash', async () => {
    const client = authFetch(aliceKeyHex)
    await echoOf(await client.fetch(`${host.origin}/1`))
    const request = signRaw(await openSession(host.origin, bobKeyHex), {})
    await host.restart('crash')
    await echoOf(await client.fetch(`${host.origin}/2`))
    expectRefusal(await sendRaw(host.origin, request))
  })

  it('makes it shake hands again when a session has lived its time', async () => {
    const client = authFetch(aliceKeyHex)
    await echoOf(await client.fetch(`${host.origin}/1`))
    const session = await openSession(host.origin, bobKeyHex)
    host.clock.ms += 7 * 24 * 3600 * 1000 - 5000
    expect((await sendRaw(host.origin, signRaw(session, {}))).status).to.equal(200)
    host.clock.ms += 10_000
    expectRefusal(await sendRaw(host.origin, signRaw(session, {})))
    await echoOf(await client.fetch(`${host.origin}/2`))
  })
})

describe('MutualAuth signs whatever its routes answer', () => {
  const routes: [title: string, handle: Parameters<typeof startAuthHost>[0], status: number, body: string][] = [
    [
      'a thrown RelayError',
      () => {
        throw new RelayError('ERR_DELIVERY_BLOCKED')
      },
      403,
      'ERR_DELIVERY_BLOCKED',
    ],
    [
      'any other error, without its text',
      () => {
        throw new Error('the inside')
      },
      500,
      'ERR_INTERNAL',
    ],
    [
      'a 401 of the route',
      (ctx) => {
        ctx.status = 401
        ctx.body = { code: 'MINE' }
      },
      401,
      'MINE',
    ],
    [
      'a 402',
      (ctx) => {
        ctx.status = 402
        ctx.body = 'pay'
      },
      402,
      'pay',
    ],
    [
      'a 204 as 200 {}',
      (ctx) => {
        ctx.status = 204
      },
      200,
      '{}',
    ],
    [
      'a 304 as 200 {}',
      (ctx) => {
        ctx.status = 304
      },
      200,
      '{}',
    ],
    [
      'a null body as 200 {}',
      (ctx) => {
        ctx.body = null
      },
      200,
      '{}',
    ],
    [
      'an empty text as {}',
      (ctx) => {
        ctx.body = ''
      },
      200,
      '{}',
    ],
    [
      'an empty buffer as {}',
      (ctx) => {
        ctx.status = 201
        ctx.body = Buffer.alloc(0)
      },
      201,
      '{}',
    ],
    ['no answer as 404', () => undefined, 404, 'ERR_NOT_FOUND'],
    [
      'a buffer',
      (ctx) => {
        ctx.body = Buffer.from('bytes')
      },
      200,
      'bytes',
    ],
    [
      'a typed array',
      (ctx) => {
        ctx.body = new Uint8Array([104, 105])
      },
      200,
      'hi',
    ],
    [
      'a stream',
      async (ctx) => {
        ctx.body = (await import('node:stream')).Readable.from(['a', 'b'])
      },
      200,
      'ab',
    ],
    [
      'an array',
      (ctx) => {
        ctx.body = [1, 'é']
      },
      200,
      '[1,"é"]',
    ],
  ]
  for (const [title, handle, status, body] of routes) {
    it(title, async () => {
      await using host = await startAuthHost(handle)
      const session = await openSession(host.origin, aliceKeyHex)
      const request = signRaw(session, {})
      const answer = await sendRaw(host.origin, request)
      expect(answer.status).to.equal(status)
      expect(answer.body).to.include(body).and.not.include('inside')
      expectSigned(answer, session, request)
      const viaStock = authFetch(bobKeyHex)
      if (status === 402 || status === 401) return
      expect((await viaStock.fetch(`${host.origin}/x`)).status).to.equal(status)
    })
  }

  it('signs the x-bsv headers of a route too', async () => {
    await using host = await startAuthHost((ctx) => {
      ctx.set({ 'x-bsv-b': '2', 'x-bsv-a': '1', authorization: 'x' })
      ctx.body = 'ok'
    })
    const response = await authFetch(aliceKeyHex).fetch(`${host.origin}/x`)
    expect(response.headers.get('x-bsv-a')).to.equal('1')
    expect(await response.text()).to.equal('ok')
  })

  it('answers HEAD without a body, signed as empty', async () => {
    await using host = await startAuthHost()
    const session = await openSession(host.origin, aliceKeyHex)
    const request = signRaw(session, { method: 'HEAD', headers: {} })
    const answer = await sendRaw(host.origin, request)
    expect([answer.status, answer.body]).to.deep.equal([200, ''])
    expectSigned(answer, session, request)
    expect((await authFetch(bobKeyHex).fetch(`${host.origin}/`, { method: 'HEAD' })).status).to.equal(200)
  })

  it('lets the host render errors itself', async () => {
    await using host = await startAuthHost(
      () => {
        throw new Error('odd')
      },
      {
        onError: (ctx, error) => {
          ctx.status = 418
          ctx.body = { was: (error as Error).message }
        },
      },
    )
    const session = await openSession(host.origin, aliceKeyHex)
    const request = signRaw(session, {})
    const answer = await sendRaw(host.origin, request)
    expect([answer.status, answer.body]).to.deep.equal([418, '{"was":"odd"}'])
    expectSigned(answer, session, request)
  })

  it('tells who was heard from, after the signature was verified', async () => {
    const heard: string[] = []
    await using host = await startAuthHost(undefined, { heardFrom: (identityKey) => heard.push(identityKey) })
    const session = await openSession(host.origin, aliceKeyHex)
    const forged = signRaw(session, { body: '{"a":1}', signed: { body: '{"a":2}' } })
    expectRefusal(await sendRaw(host.origin, forged))
    expect(heard).to.deep.equal([])
    await sendRaw(host.origin, signRaw(session, {}))
    expect(heard).to.deep.equal([alice])
  })
})

describe('MutualAuth refuses', () => {
  let host: AuthHost
  let session: fixture.RawSession
  beforeEach(async () => {
    host = await startAuthHost()
    session = await openSession(host.origin, aliceKeyHex)
  })
  afterEach(() => host[Symbol.asyncDispose]())

  it('the same bytes twice: at once, after a clean restart and after a crash', async () => {
    const request = signRaw(session, { body: '{"pay":1}' })
    expect((await sendRaw(host.origin, request)).status).to.equal(200)
    expectRefusal(await sendRaw(host.origin, request))
    await host.restart('clean')
    expectRefusal(await sendRaw(host.origin, request))
    expect((await sendRaw(host.origin, signRaw(session, {}))).status).to.equal(200)
    await host.restart('crash')
    expectRefusal(await sendRaw(host.origin, request))
    await host.restart('clean')
    expectRefusal(await sendRaw(host.origin, request))
  })

  it('a state that was taken once already', async () => {
    const request = signRaw(session, { body: '{"pay":1}' })
    await host.restart('clean')
    expect((await sendRaw(host.origin, request)).status).to.equal(200)
    // Killed: the state of the stop before is not there any more, so the call just taken cannot be taken again.
    await host.restart('crash')
    expectRefusal(await sendRaw(host.origin, request))
  })

  it('a session under the header of another, whether or not that one has sessions', async () => {
    for (const victimHasSession of [false, true]) {
      if (victimHasSession) await openSession(host.origin, bobKeyHex)
      const request = signRaw(session, {})
      expectRefusal(
        await sendRaw(host.origin, { ...request, headers: { ...request.headers, 'x-bsv-auth-identity-key': bob } }),
      )
    }
  })

  it('nothing of a victim in whose name a stranger shakes hands, before and during a call', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    let entered = () => {}
    const inside = new Promise<void>((resolve) => (entered = resolve))
    await using slow = await startAuthHost(async (ctx) => {
      entered()
      await held
      ctx.body = { ok: true }
    })
    const victim = authFetch(aliceKeyHex).fetch(`${slow.origin}/slow`)
    await inside
    const message = {
      version: '0.1',
      messageType: 'initialRequest',
      identityKey: alice,
      initialNonce: Buffer.alloc(48).toString('base64'),
    }
    for (let time = 0; time < 20; time++) expect((await shakeHands(slow.origin, message)).status).to.equal(200)
    release()
    expect((await victim).status).to.equal(200)
  })

  const damaged: [title: string, headers: Record<string, string | undefined>][] = [
    ['no authentication', { 'x-bsv-auth-request-id': undefined }],
    ['another version', { 'x-bsv-auth-version': '1.0' }],
    ['no version', { 'x-bsv-auth-version': undefined }],
    ['a request id of 31 bytes', { 'x-bsv-auth-request-id': Buffer.alloc(31).toString('base64') }],
    ['a long request id', { 'x-bsv-auth-request-id': 'A'.repeat(5000) }],
    ['no identity key', { 'x-bsv-auth-identity-key': undefined }],
    ['an identity key that is none', { 'x-bsv-auth-identity-key': 'x'.repeat(66) }],
    ['no nonce', { 'x-bsv-auth-nonce': undefined }],
    ['a very long nonce', { 'x-bsv-auth-nonce': 'A'.repeat(1000) }],
    ['another nonce', { 'x-bsv-auth-nonce': Buffer.alloc(32).toString('base64') }],
    ['no session', { 'x-bsv-auth-your-nonce': undefined }],
    ['a session that is none', { 'x-bsv-auth-your-nonce': Buffer.alloc(81).toString('base64') }],
    ['a session nonce of 64 characters', { 'x-bsv-auth-your-nonce': Buffer.alloc(48, 9).toString('base64') }],
    ['no signature', { 'x-bsv-auth-signature': undefined }],
    ['a signature that is no hexadecimal', { 'x-bsv-auth-signature': 'zz'.repeat(70) }],
    ['a signature of zeros', { 'x-bsv-auth-signature': '3006020100020100' }],
    ['a very long signature', { 'x-bsv-auth-signature': '30'.repeat(3000) }],
    ['a signed header that was added', { 'x-bsv-extra': '1' }],
    ['a changed content type', { 'content-type': 'text/plain' }],
  ]
  for (const [title, headers] of damaged) {
    it(`${title} with 401`, async () => {
      const request = signRaw(session, { body: '{}' })
      const changed = Object.entries({ ...request.headers, ...headers }).filter(([, value]) => value !== undefined)
      expectRefusal(
        await sendRaw(host.origin, { ...request, headers: Object.fromEntries(changed) as Record<string, string> }),
      )
      expect(host.auth.usage.identities).to.equal(0)
    })
  }

  const altered: [title: string, change: Partial<fixture.RawRequest>][] = [
    ['another body', { body: Buffer.from('{ }') }],
    ['another path', { path: '/echo/2' }],
    ['another query', { path: '/echo?x' }],
    ['another method', { method: 'PUT' }],
  ]
  for (const [title, change] of altered) {
    it(`${title} than was signed with 401`, async () => {
      expectRefusal(await sendRaw(host.origin, { ...signRaw(session, { body: '{}' }), ...change }))
    })
  }

  const handshakes: [title: string, message: unknown][] = [
    ['no JSON', 'hello'],
    ['null', null],
    ['a list', []],
    ['a number', 7],
    ['nothing', ''],
    ['another version', { version: '1.0' }],
    ['another type', { messageType: 'general' }],
    ['certificates', { messageType: 'certificateResponse' }],
    ['no identity key', { identityKey: undefined }],
    ['an identity key that is a number', { identityKey: 5 }],
    ['an identity key off the curve', { identityKey: `02${'0'.repeat(63)}5` }],
    ['an uncompressed key', { identityKey: `04${'1'.repeat(128)}` }],
    ['no nonce', { initialNonce: undefined }],
    ['a nonce that is an object', { initialNonce: {} }],
    ['a nonce of 15 bytes', { initialNonce: Buffer.alloc(15).toString('base64') }],
    ['a nonce of 65 bytes', { initialNonce: Buffer.alloc(65).toString('base64') }],
    ['a very long handshake', { padding: 'x'.repeat(70_000) }],
  ]
  for (const [title, message] of handshakes) {
    it(`a handshake with ${title} with 401`, async () => {
      const good = {
        version: '0.1',
        messageType: 'initialRequest',
        identityKey: alice,
        initialNonce: Buffer.alloc(48).toString('base64'),
      }
      const isPlain = typeof message === 'object' && message !== null && !Array.isArray(message)
      expectRefusal(
        await shakeHands(host.origin, isPlain ? { ...good, ...message } : message === null ? 'null' : message),
      )
    })
  }

  it('a handshake by GET', async () => {
    expectRefusal(
      await sendRaw(host.origin, { method: 'GET', path: '/.well-known/auth', headers: {}, body: Buffer.alloc(0) }),
    )
  })

  it('everything before its start and after its stop, as unavailable', async () => {
    const request = signRaw(session, {})
    await host.auth.stop()
    const answer = await sendRaw(host.origin, request)
    expect(answer.status).to.equal(503)
    expect(answer.body).to.include('ERR_UNAVAILABLE')
  })

  it('the sessions of a client that makes too many calls, which can then begin again; others go on', async () => {
    await using small = await startAuthHost(undefined, { limits: { replayCallsPerIdentity: 5 } })
    const greedy = await openSession(small.origin, aliceKeyHex)
    const modest = await openSession(small.origin, bobKeyHex)
    const statuses: number[] = []
    for (let call = 0; call < 8; call++) statuses.push((await sendRaw(small.origin, signRaw(greedy, {}))).status)
    expect(statuses).to.deep.equal([200, 200, 200, 200, 200, 200, 401, 401])
    expect((await sendRaw(small.origin, signRaw(modest, {}))).status).to.equal(200)
    const again = await openSession(small.origin, aliceKeyHex)
    expect((await sendRaw(small.origin, signRaw(again, {}))).status).to.equal(200)
    expect((await authFetch(aliceKeyHex).fetch(`${small.origin}/x`)).status).to.equal(200)
  })

  it('10,000 requests with its memory flat', async function () {
    this.timeout(60_000)
    const requests = damaged.map(([, headers]) => {
      const request = signRaw(session, { body: '{}' })
      const changed = Object.entries({ ...request.headers, ...headers }).filter(([, value]) => value !== undefined)
      return { ...request, headers: Object.fromEntries(changed) as Record<string, string> }
    })
    const refuse = async (count: number) => {
      const transport = keepAliveSender(host.origin)
      for (let sent = 0; sent < count; sent += 20) {
        const batch = Array.from({ length: 20 }, (_, at) => transport.send(requests[(sent + at) % requests.length]!))
        for (const status of await Promise.all(batch)) expect(status).to.equal(401)
      }
      transport.close()
    }
    await refuse(2000)
    const before = await settledHeapBytes()
    await refuse(10_000)
    const grown = (await settledHeapBytes()) - before
    expect(host.auth.usage).to.deep.equal({ replayBytes: 0, identities: 0 })
    // Less than 100 bytes for each: nothing is kept of them.
    expect(grown).to.be.below(1_000_000)
    expect((await sendRaw(host.origin, signRaw(session, {}))).status).to.equal(200)
  })
})

describe('MutualAuth takes what the SDKs of other languages send', () => {
  let host: AuthHost
  beforeEach(async () => {
    host = await startAuthHost()
  })
  afterEach(() => host[Symbol.asyncDispose]())

  const handshakes: [title: string, fields: object][] = [
    [
      'Go: capitals in requestedCertificates',
      { requestedCertificates: { Certifiers: null, Types: {} }, certificates: null, payload: null, signature: null },
    ],
    [
      'Python: a text for requestedCertificates',
      { requestedCertificates: 'RequestedCertificateSet(certifiers=[])', nonce: '', yourNonce: '', signature: null },
    ],
    ['a key in capitals', { identityKey: alice.toUpperCase() }],
    ['a nonce of 32 bytes', { initialNonce: Buffer.alloc(32, 5).toString('base64') }],
  ]
  for (const [title, fields] of handshakes) {
    it(`a handshake of ${title}`, async () => {
      const session = await openSession(host.origin, aliceKeyHex, fields)
      const request = signRaw(session, {})
      const answer = await sendRaw(host.origin, request)
      expect(answer.status).to.equal(200)
      expectSigned(answer, session, request)
    })
  }

  it('answers a handshake with content-length, a signature of numbers, and its nonce as initialNonce', async () => {
    const nonce = Buffer.alloc(48, 8)
    const message = {
      version: '0.1',
      messageType: 'initialRequest',
      identityKey: alice,
      initialNonce: nonce.toString('base64'),
    }
    const answer = await shakeHands(host.origin, message)
    expect(answer.headers['content-length']).to.equal(String(Buffer.byteLength(answer.body)))
    const body = JSON.parse(answer.body) as { initialNonce: string; yourNonce: string; signature: number[] } & Record<
      string,
      unknown
    >
    expect(body).to.include({
      version: '0.1',
      messageType: 'initialResponse',
      identityKey: host22,
      yourNonce: message.initialNonce,
    })
    expect(body['requestedCertificates']).to.deep.equal({ certifiers: [], types: {} })
    expect(body.initialNonce).to.have.length(108)
    const signed = Buffer.concat([nonce, Buffer.from(body.initialNonce, 'base64')])
    const key = messageKey(body.yourNonce, body.initialNonce)
    const wallet = new IdentityWallet(aliceKeyHex)
    expect(wallet.verifyFrom(host22, key, signed, Uint8Array.from(body.signature))).to.equal(true)
  })

  const json = { 'content-type': 'application/json' }
  const calls: [title: string, call: fixture.RawCall, chunked?: boolean][] = [
    ['Go: {} signed and nothing sent', { headers: json, signed: { body: '{}' } }],
    ['nothing signed and nothing sent', { headers: json }],
    ['Go: a chunked body', { headers: json, body: '{"a":1}' }, true],
    [
      'a type signed untrimmed',
      {
        headers: { 'content-type': 'application/json ; charset=utf-8' },
        body: '{}',
        signed: { headers: [['content-type', 'application/json ']] },
      },
    ],
    [
      'a type signed trimmed',
      {
        headers: { 'content-type': 'application/json ; charset=utf-8' },
        body: '{}',
        signed: { headers: [['content-type', 'application/json']] },
      },
    ],
    [
      'headers sorted by bytes',
      {
        method: 'GET',
        headers: { 'x-bsv-a-c': '1', 'x-bsv-a_b': '2' },
        signed: {
          headers: [
            ['x-bsv-a-c', '1'],
            ['x-bsv-a_b', '2'],
          ],
        },
      },
    ],
    [
      'headers sorted by locale',
      {
        method: 'GET',
        headers: { 'x-bsv-a-c': '1', 'x-bsv-a_b': '2' },
        signed: {
          headers: [
            ['x-bsv-a_b', '2'],
            ['x-bsv-a-c', '1'],
          ],
        },
      },
    ],
    [
      'a message type header, which counts for nothing',
      { method: 'GET', headers: { 'x-bsv-auth-message-type': 'general' }, signed: { headers: [] } },
    ],
    [
      'the absolute form of a target',
      { method: 'GET', path: 'http://example.com/echo?a=1', headers: {}, signed: { path: '/echo?a=1' } },
    ],
    ['a doubled slash', { method: 'GET', path: '//example.com/echo', headers: {} }],
  ]
  for (const [title, call, chunked] of calls) {
    it(title, async () => {
      const session = await openSession(host.origin, aliceKeyHex)
      const request = signRaw(session, call)
      const answer = await sendRaw(host.origin, request, chunked)
      expect(answer.status).to.equal(200)
      expectSigned(answer, session, request)
    })
  }

  it('answers OPTIONS with 200, and lets pages of any origin read its headers', async () => {
    const answer = await sendRaw(host.origin, {
      method: 'OPTIONS',
      path: '/sendMessage',
      headers: {},
      body: Buffer.alloc(0),
    })
    expect(answer.status).to.equal(200)
    expect(answer.headers).to.include({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': '*',
      'access-control-allow-headers': '*, authorization',
      'access-control-expose-headers': '*',
    })
    const refused = await sendRaw(host.origin, { method: 'GET', path: '/', headers: {}, body: Buffer.alloc(0) })
    expectRefusal(refused)
    expect(refused.headers['access-control-allow-origin']).to.equal('*')
  })
})
