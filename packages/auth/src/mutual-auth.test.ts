import { expect } from 'chai'
import { alice, authFetch, bob, expectRefusal } from './testing/auth-expectations.ts'
import {
  aliceKeyHex,
  bobKeyHex,
  keepAliveSender,
  openSession,
  sendRaw,
  settledHeapBytes,
  shakeHands,
  signRaw,
  startAuthHost,
  type AuthHost,
  type RawRequest,
  type RawSession,
} from './testing/auth-host.ts'

describe('MutualAuth refuses', () => {
  let host: AuthHost
  let session: RawSession
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

  const altered: [title: string, change: Partial<RawRequest>][] = [
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
