import { AuthFetch, PrivateKey, ProtoWallet } from '@bsv/sdk'
import { sdkSignatureVerifier, verifyCapabilityDocument, type HostOrigin } from '@overpost/protocol'
import { expect } from 'chai'
import type { Host } from '../host.ts'
import { aliceWallet, callerFixture, hostFixture, hostWallet } from '../testing/host-fixture.ts'

describe('the pipeline of a host', () => {
  let host: Host
  beforeEach(async () => {
    host = await hostFixture({ limits: { bodyBytes: 10_000, batchBytes: 5_000 } })
  })
  afterEach(() => host[Symbol.asyncDispose]())

  const get = (path: string, init: RequestInit = {}) => fetch(host.url + path, init)

  it('serves a stock AuthFetch of the SDK, refusals included', async () => {
    const caller = new AuthFetch(new ProtoWallet(new PrivateKey('11'.repeat(32), 16)) as never)
    const post = (path: string, body: unknown) =>
      caller.fetch(host.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    const message = { recipient: aliceWallet.identityKey, messageBox: 'inbox', messageId: 'm1', body: 'to myself' }
    expect((await post('/sendMessage', { message })).status).to.equal(200)
    const listing = (await (await post('/listMessages', { messageBox: 'inbox' })).json()) as { messages: unknown[] }
    expect(listing.messages).to.have.length(1)
    const refused = await post('/sendMessage', {})
    expect([refused.status, ((await refused.json()) as { code: string }).code]).to.deep.equal([
      400,
      'ERR_MESSAGE_REQUIRED',
    ])
    const missing = await caller.fetch(`${host.url}/nothing`, { method: 'GET' })
    expect(missing.status).to.equal(404)
    const method = await caller.fetch(`${host.url}/sendMessage`, { method: 'GET' })
    expect([method.status, method.headers.get('allow')]).to.deep.equal([405, null])
  })

  it('refuses whoever is not authenticated, without a word of the inside', async () => {
    for (const path of ['/sendMessage', '/authorizeRouting', '/nothing']) {
      const answer = await get(path, { method: 'POST', body: '{}' })
      expect([answer.status, ((await answer.json()) as { code: string }).code]).to.deep.equal([401, 'UNAUTHORIZED'])
      expect(answer.headers.get('x-bsv-auth-signature')).to.equal(null)
    }
  })

  it('says what it is, signed', async () => {
    const answer = await get('/.well-known/relay-host')
    expect(answer.headers.get('content-type')).to.include('application/json')
    const checked = verifyCapabilityDocument(await answer.json(), {
      origin: host.url as HostOrigin,
      verifier: sdkSignatureVerifier(),
    })
    if ('fault' in checked) expect.fail(checked.fault)
    expect(checked.document).to.deep.include({
      identityKey: hostWallet.identityKey,
      openToNewIdentities: true,
      memoryDays: 7,
      proofs: ['envelope', 'brc94', 'host'],
      batch: { messages: 100, bytes: 5_000 },
    })
  })

  it('is live and ready, and counts what it does', async () => {
    expect((await get('/health/live')).status).to.equal(200)
    const ready = await get('/health/ready')
    expect([ready.status, await ready.json()]).to.deep.equal([
      200,
      { status: 'ready', parts: { store: 'ready', lanes: 'ready' } },
    ])
    using caller = callerFixture(aliceWallet, host.url)
    await caller.post('/listMessages', { messageBox: 'inbox' })
    await get('/nowhere-in-particular')
    const metrics = await (await get('/metrics')).text()
    expect(metrics).to.include('relay_http_requests_total{route="/listMessages",status="200"} 1')
    expect(metrics).to.include('relay_http_requests_total{route="other",status="401"} 1')
    expect(metrics).to.not.include('nowhere-in-particular')
    expect((await get('/metrics', { method: 'POST' })).status).to.equal(405)
  })

  it('lets pages of other origins call it', async () => {
    const preflight = await get('/sendMessage', { method: 'OPTIONS' })
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).to.deep.equal([200, '*'])
    const refused = await get('/sendMessage', { method: 'POST' })
    expect(refused.headers.get('access-control-allow-origin')).to.equal('*')
  })

  it('refuses a body over the limit, announced or not', async () => {
    const large = 'x'.repeat(20_000)
    const chunked = new ReadableStream({
      start(controller) {
        for (let at = 0; at < large.length; at += 1_000)
          controller.enqueue(new TextEncoder().encode(large.slice(at, at + 1_000)))
        controller.close()
      },
    })
    for (const body of [large, chunked]) {
      const answer = await get('/sendMessage', { method: 'POST', body, duplex: 'half' })
      expect([answer.status, ((await answer.json()) as { code: string }).code]).to.deep.equal([
        413,
        'ERR_BODY_TOO_LARGE',
      ])
    }
  })

  it('answers what is in hand before it ends', async () => {
    using caller = callerFixture(aliceWallet, host.url)
    await caller.post('/listMessages', { messageBox: 'inbox' })
    const message = { recipient: aliceWallet.identityKey, messageBox: 'inbox', body: 'last words' }
    const calls = Array.from({ length: 20 }, () => caller.post('/sendMessage', { message }))
    await Promise.race(calls)
    const [answers] = await Promise.all([Promise.allSettled(calls), host[Symbol.asyncDispose]()])
    expect(
      answers.filter((answer) => answer.status === 'fulfilled').every(({ value }) => value.status === 200),
    ).to.equal(true)
    expect(await fetch(host.url).catch(() => 'closed')).to.equal('closed')
  })
})
