import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { HostConfigInput } from '../../config.ts'
import type { Host } from '../../host.ts'
import {
  aliceWallet,
  authorizationBody,
  bobWallet,
  callerFixture,
  hostFixture,
  walletFixture,
} from '../../testing/host-fixture.ts'

const token = 'the operator of this test host'.replaceAll(' ', '-')
const carolKey = walletFixture('55').identityKey

describe('the operator’s door', () => {
  let host: Host
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'overpost-operator-'))
  })
  afterEach(async () => {
    await host[Symbol.asyncDispose]()
    await rm(dir, { recursive: true })
  })

  const start = async (settings: HostConfigInput = {}) => {
    host = await hostFixture({ operator: { token }, ...settings })
  }
  const ask = async (call: string, body: unknown = {}, shown: string | null = token) => {
    const answer = await fetch(`${host.url}/operator/${call}`, {
      method: 'POST',
      headers: shown === null ? {} : { authorization: `Bearer ${shown}` },
      body: JSON.stringify(body),
    })
    return { status: answer.status, json: (await answer.json()) as Record<string, unknown> }
  }
  const send = async (messageId: string, recipient: string = carolKey) => {
    using alice = callerFixture(aliceWallet, host.url)
    return await alice.post('/sendMessage', { message: { recipient, messageBox: 'inbox', messageId, body: 'hello' } })
  }
  const waiting = async () => {
    const { json } = await ask('messages')
    return json['messages'] as { id: number; messageId: string; held: boolean; bytes: number }[]
  }
  const change = async (change: string) => {
    const ids = (await waiting()).map(({ id }) => id)
    return (await ask('change', { ids, change })).json['changed']
  }

  it('is not there without a token in the configuration', async () => {
    await start({ operator: {} })
    expect((await ask('queue')).json['code']).to.equal('UNAUTHORIZED')
    expect((await ask('nothing')).status).to.equal(401)
  })

  const wrong: [name: string, shown: string | null][] = [
    ['no token', null],
    ['another token', 'x'.repeat(token.length)],
    ['the beginning of the token', token.slice(0, -1)],
    ['more than the token', `${token}x`],
  ]
  for (const [name, shown] of wrong) {
    it(`is closed to ${name}`, async () => {
      await start()
      expect(await ask('queue', {}, shown)).to.have.property('status', 401)
      expect((await ask('queue')).status).to.equal(200)
    })
  }

  it('lets nobody guess for long, and the operator in all the same', async () => {
    await start()
    const statuses = []
    for (let guess = 0; guess < 15; guess += 1) statuses.push((await ask('queue', {}, `guess ${guess}`)).status)
    expect(statuses.slice(0, 10)).to.deep.equal(Array(10).fill(401))
    expect(statuses.slice(-4)).to.deep.equal(Array(4).fill(429))
    expect((await ask('queue')).status).to.equal(200)
  })

  it('reads its token from a file, and does not start with one that can be guessed', async () => {
    const tokenFile = join(dir, 'token')
    await writeFile(tokenFile, `${token}\n`)
    await start({ operator: { tokenFile } })
    expect((await ask('queue')).status).to.equal(200)
    await writeFile(tokenFile, 'short')
    const started = await hostFixture({ operator: { tokenFile } }).catch((error: unknown) => error)
    expect(started)
      .to.be.instanceOf(Error)
      .with.property('message')
      .that.matches(/at least 20 characters/)
  })

  it('shows what waits, and all of one message but its body', async () => {
    await start()
    await send('m1')
    const { json } = await ask('queue')
    const [queue] = json['queues'] as Record<string, unknown>[]
    expect(queue).to.deep.include({ host: null, messages: 1, held: 0, failures: 0 })
    expect((queue?.['byAge'] as number[]).reduce((sum, count) => sum + count, 0)).to.equal(1)
    const [message] = await waiting()
    const shown = await ask('message', { id: message?.id })
    const sender = aliceWallet.identityKey
    expect(shown.json['message']).to.include({ sender, recipient: carolKey, messageBox: 'inbox', messageId: 'm1' })
    expect(JSON.stringify(shown.json)).to.not.include('hello')
    expect((await ask('message', { id: 999_999 })).status).to.equal(404)
  })

  it('holds over a restart, lets go, and purges', async () => {
    const store = { kind: 'sqlite', file: join(dir, 'host.sqlite') } as const
    await start({ store })
    await send('m1')
    expect(await change('hold')).to.equal(1)
    await host[Symbol.asyncDispose]()
    await start({ store })
    expect((await waiting())[0]).to.include({ messageId: 'm1', held: true })
    expect(await change('release')).to.equal(1)
    expect((await waiting())[0]).to.include({ messageId: 'm1', held: false })
    expect(await change('purge')).to.equal(1)
    expect(await waiting()).to.deep.equal([])
  })

  it('refuses what it does not take, and says what is wrong', async () => {
    await start()
    const bad: [call: string, body: unknown][] = [
      ['change', { ids: [], change: 'hold' }],
      ['change', { ids: [1], change: 'eat' }],
      ['change', { ids: [1.5], change: 'hold' }],
      ['messages', { limit: 1_001 }],
      ['messages', { sender: 'bob' }],
      ['rule', { subject: 'host', key: 'x', verdict: 'deny' }],
      ['queue', { extra: true }],
      ['queue', []],
    ]
    for (const [call, body] of bad) {
      expect(await ask(call, body), call)
        .to.deep.include({ status: 400 })
        .and.have.nested.property('json.code', 'ERR_INVALID_REQUEST')
    }
    expect((await ask('nothing')).status).to.equal(404)
    const read = await fetch(`${host.url}/operator/queue`, { headers: { authorization: `Bearer ${token}` } })
    expect([read.status, read.headers.get('allow')]).to.deep.equal([405, 'POST'])
  })

  it('shows whom the host hosts, and until when', async () => {
    await start()
    using bob = callerFixture(bobWallet, host.url)
    const expiresAtMs = Date.now() + 1_000_000
    await bob.post('/authorizeRouting', await authorizationBody(bobWallet, host, { expiresAtMs }))
    const { json } = await ask('identities')
    expect(json['identities']).to.have.length(1)
    expect((json['identities'] as object[])[0]).to.include({
      identityKey: bobWallet.identityKey,
      expiresAtMs,
      adverts: null,
    })
    expect((await ask('identities', { after: bobWallet.identityKey })).json['identities']).to.deep.equal([])
  })

  it('keeps a denied sender out at once, over a restart, and until the rule goes', async () => {
    const store = { kind: 'sqlite', file: join(dir, 'host.sqlite') } as const
    await start({ store })
    const rule = { subject: 'sender', key: aliceWallet.identityKey }
    expect((await send('m1')).status).to.equal(200)
    const { json } = await ask('rule', { ...rule, verdict: 'deny', note: 'spam' })
    expect((json['rules'] as object[])[0]).to.include({ ...rule, verdict: 'deny', note: 'spam' })
    expect((await send('m2')).json['code']).to.equal('ERR_DELIVERY_BLOCKED')
    await host[Symbol.asyncDispose]()
    await start({ store })
    expect((await send('m2')).status).to.equal(403)
    await ask('rule', { ...rule, verdict: null })
    expect((await send('m2')).status).to.equal(200)
  })

  it('lets in only those who are allowed, while anybody is', async () => {
    await start()
    await ask('rule', { subject: 'sender', key: bobWallet.identityKey, verdict: 'allow' })
    expect((await send('m1')).status).to.equal(403)
    await ask('rule', { subject: 'sender', key: aliceWallet.identityKey, verdict: 'allow' })
    expect((await send('m1')).status).to.equal(200)
    await ask('rule', { subject: 'sender', key: bobWallet.identityKey, verdict: null })
    await ask('rule', { subject: 'sender', key: aliceWallet.identityKey, verdict: null })
    expect((await send('m2')).status).to.equal(200)
  })
})
