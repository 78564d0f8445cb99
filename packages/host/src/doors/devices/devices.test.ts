import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import type { Host } from '../../host.ts'
import { fcmStandIn, type FcmStandIn } from '../../testing/fcm-stand-in.ts'
import { aliceWallet, bobWallet, callerFixture, hostFixture, type TestCaller } from '../../testing/host-fixture.ts'

const bobKey = bobWallet.identityKey
const token = 'eBo8F-a-token-of-some-length-1234567890'

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = Date.now() + 5_000
  while (!(await holds())) {
    if (Date.now() > endMs) throw new Error('it did not come to that')
    await sleep(10)
  }
}

describe('devices at the door', () => {
  let host: Host
  let bob: TestCaller
  beforeEach(async () => {
    host = await hostFixture()
    bob = callerFixture(bobWallet, host.url)
  })
  afterEach(async () => {
    bob[Symbol.dispose]()
    await host[Symbol.asyncDispose]()
  })
  const devices = async (who = bob) => (await who.get('/devices')).json['devices'] as Record<string, unknown>[]

  it('are registered, listed without their tokens, and removed by their owner alone', async () => {
    using alice = callerFixture(aliceWallet, host.url)
    const made = await bob.post('/registerDevice', { fcmToken: ` ${token} `, deviceId: 'phone', platform: 'ios' })
    expect(made.json).to.deep.include({ status: 'success' })
    const id = made.json['deviceId']
    const [device] = await devices()
    expect(device).to.deep.include({ id, deviceId: 'phone', platform: 'ios', active: true, lastUsed: null })
    expect(device!['fcmToken']).to.equal('...1234567890')
    expect(new Date(device!['createdAt'] as string).toISOString()).to.equal(device!['updatedAt'])
    expect(await devices(alice)).to.deep.equal([])
    expect((await alice.post('/removeDevice', { deviceId: id })).status).to.equal(404)
    expect((await bob.post('/removeDevice', { deviceId: id })).json).to.deep.equal({ status: 'success' })
    expect(await devices()).to.deep.equal([])
  })

  it('stay one when they are registered again, and are twenty at most', async () => {
    const first = await bob.post('/registerDevice', { fcmToken: token })
    expect((await bob.post('/registerDevice', { fcmToken: token })).json['deviceId']).to.equal(first.json['deviceId'])
    for (let count = 1; count < 20; count += 1) await bob.post('/registerDevice', { fcmToken: `t${count}` })
    const refused = await bob.post('/registerDevice', { fcmToken: 'one too many' })
    expect([refused.status, refused.json['code']]).to.deep.equal([429, 'ERR_QUOTA_EXCEEDED'])
  })

  const bad: [name: string, code: string, path: string, body: unknown][] = [
    ['no token', 'ERR_INVALID_FCM_TOKEN', '/registerDevice', {}],
    ['a blank token', 'ERR_INVALID_FCM_TOKEN', '/registerDevice', { fcmToken: ' ' }],
    ['a token that is a number', 'ERR_INVALID_FCM_TOKEN', '/registerDevice', { fcmToken: 7 }],
    ['another platform', 'ERR_INVALID_PLATFORM', '/registerDevice', { fcmToken: token, platform: 'pager' }],
    ['a name that is an object', 'ERR_INVALID_REQUEST', '/registerDevice', { fcmToken: token, deviceId: {} }],
    ['a removal of nothing', 'ERR_INVALID_REQUEST', '/removeDevice', {}],
  ]
  for (const [name, code, path, body] of bad) {
    it(`refuses ${name}`, async () => {
      const { status, json } = await bob.post(path, body)
      expect([status, json['code']]).to.deep.equal([400, code])
      expect(await devices()).to.deep.equal([])
    })
  }
})

describe('a host with a push service', () => {
  let fcm: FcmStandIn
  let dir: string
  let host: Host
  let alice: TestCaller
  let bob: TestCaller
  beforeEach(async () => {
    fcm = await fcmStandIn()
    dir = await mkdtemp(join(tmpdir(), 'overpost-push-'))
    const fcmAccountFile = join(dir, 'account.json')
    await writeFile(fcmAccountFile, fcm.accountFile)
    host = await hostFixture({ push: { fcmAccountFile, fcmUrl: fcm.url } })
    alice = callerFixture(aliceWallet, host.url)
    bob = callerFixture(bobWallet, host.url)
  })
  afterEach(async () => {
    alice[Symbol.dispose]()
    bob[Symbol.dispose]()
    await host[Symbol.asyncDispose]()
    await fcm[Symbol.asyncDispose]()
    await rm(dir, { recursive: true, force: true })
  })
  const send = (messageId: string, messageBox = 'notifications') =>
    alice.post('/sendMessage', { message: { recipient: bobKey, messageBox, messageId, body: 'a secret' } })
  const device = async () => ((await bob.get('/devices')).json['devices'] as Record<string, unknown>[])[0]

  it('tells the recipient’s devices of news, and nothing of what was sent', async () => {
    await bob.post('/registerDevice', { fcmToken: 't1' })
    await bob.post('/registerDevice', { fcmToken: 't2' })
    await alice.post('/registerDevice', { fcmToken: 'of alice' })
    await send('m0', 'inbox')
    await send('m1')
    await until(() => fcm.sent.length === 2)
    expect(fcm.sent.map((one) => one.token).toSorted()).to.deep.equal(['t1', 't2'])
    expect(fcm.sent[0]!.message).to.deep.include({
      notification: { title: 'New message' },
      data: { messageBox: 'notifications' },
    })
    expect(JSON.stringify(fcm.sent)).to.not.include('secret').and.not.include(alice.identityKey)
    await until(async () => (await device())!['lastUsed'] !== null)
    await send('m2')
    await until(() => fcm.sent.length === 4)
    expect(fcm.given()).to.equal(1)
  })

  it('asks for a new access token when the old one is not taken any more', async () => {
    await bob.post('/registerDevice', { fcmToken: 't1' })
    await send('m1')
    await until(() => fcm.sent.length === 1)
    fcm.forgetTokens()
    await send('m2')
    await until(() => fcm.sent.length === 2)
    expect(fcm.given()).to.equal(2)
  })

  it('leaves a device alone once the service says that it is gone, until it is registered again', async () => {
    await bob.post('/registerDevice', { fcmToken: 't1' })
    fcm.answer = () => ({ status: 404, errorCode: 'UNREGISTERED' })
    await send('m1')
    await until(async () => (await device())!['active'] === false)
    await bob.post('/registerDevice', { fcmToken: 't2' })
    fcm.answer = () => ({ status: 200 })
    await send('m2')
    await until(() => fcm.sent.length === 2)
    expect(fcm.sent[1]!.token).to.equal('t2')
    await bob.post('/registerDevice', { fcmToken: 't1' })
    expect(await device()).to.include({ active: true })
  })

  it('keeps messages, and answers at once, while the service hangs or fails', async () => {
    await bob.post('/registerDevice', { fcmToken: 't1' })
    let answer = (): void => undefined
    fcm.answer = () => new Promise((resolve) => (answer = () => resolve({ status: 503 })))
    expect((await send('m1')).status).to.equal(200)
    await until(() => fcm.sent.length === 1)
    expect((await send('m2')).status).to.equal(200)
    expect((await bob.post('/listMessages', { messageBox: 'notifications' })).json['messages']).to.have.length(2)
    answer()
    fcm.answer = () => ({ status: 200 })
    await until(() => fcm.sent.length >= 2)
    expect(await device()).to.include({ active: true })
  })

  it('does not start with a key file that is none', async () => {
    const file = join(dir, 'broken.json')
    await writeFile(file, '{"project_id":"p"}')
    const started = await hostFixture({ push: { fcmAccountFile: file } }).catch((error: unknown) => error)
    expect(started).to.be.instanceOf(Error)
  })
})
