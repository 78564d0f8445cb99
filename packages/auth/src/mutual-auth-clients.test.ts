import type { SignedRequest } from '@overpost/protocol'
import { expect } from 'chai'
import { messageKey } from './auth-protocol.ts'
import { IdentityWallet } from './identity-wallet.ts'
import { alice, authFetch, echoOf, expectRefusal, expectSigned, hostIdentity } from './testing/auth-expectations.ts'
import {
  aliceKeyHex,
  bobKeyHex,
  hostKeyHex,
  openSession,
  sendRaw,
  shakeHands,
  signRaw,
  startAuthHost,
  type AuthHost,
  type RawCall,
} from './testing/auth-host.ts'

describe('the request of a peer', () => {
  const requests: [title: string, type: string][] = [
    ['of stock AuthFetch', 'application/json'],
    ['with a content type that has parameters', 'application/json; charset=utf-8'],
  ]
  for (const [title, type] of requests) {
    it(`is given out as it was signed, byte for byte: ${title}`, async () => {
      const requests: SignedRequest[] = []
      await using host = await startAuthHost((ctx) => {
        requests.push(ctx.state.peer.signedRequest())
        ctx.body = '{}'
      })
      const body = '{ "message":\t"grüße" }'
      await authFetch(aliceKeyHex).fetch(`${host.origin}/sendMessage`, {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      })
      const { payload, nonce, sessionNonce, signatureHex } = requests[0] ?? expect.fail('no request came')
      expect(Buffer.from(payload).toString('utf8').endsWith(body)).to.equal(true)
      const wallet = new IdentityWallet(hostKeyHex)
      const signature = Buffer.from(signatureHex, 'hex')
      expect(wallet.verifyFrom(alice, messageKey(nonce, sessionNonce), payload, signature)).to.equal(true)
    })
  }
})

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
      expect(response.headers.get('x-bsv-auth-identity-key')).to.equal(hostIdentity)
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
      identityKey: hostIdentity,
      yourNonce: message.initialNonce,
    })
    expect(body['requestedCertificates']).to.deep.equal({ certifiers: [], types: {} })
    expect(body.initialNonce).to.have.length(108)
    const signed = Buffer.concat([nonce, Buffer.from(body.initialNonce, 'base64')])
    const key = messageKey(body.yourNonce, body.initialNonce)
    const wallet = new IdentityWallet(aliceKeyHex)
    expect(wallet.verifyFrom(hostIdentity, key, signed, Uint8Array.from(body.signature))).to.equal(true)
  })

  const json = { 'content-type': 'application/json' }
  const calls: [title: string, call: RawCall, chunked?: boolean][] = [
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
