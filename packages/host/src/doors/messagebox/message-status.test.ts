import { expect } from 'chai'
import type { Host } from '../../host.ts'
import {
  aliceWallet,
  authorizationBody,
  bobWallet,
  callerFixture,
  hostFixture,
  type TestCaller,
} from '../../testing/host-fixture.ts'

const bobKey = bobWallet.identityKey

describe('POST /messageStatus', () => {
  let host: Host
  let alice: TestCaller
  let bob: TestCaller

  beforeEach(async () => {
    host = await hostFixture()
    alice = callerFixture(aliceWallet, host.url)
    bob = callerFixture(bobWallet, host.url)
  })
  afterEach(async () => {
    alice[Symbol.dispose]()
    bob[Symbol.dispose]()
    await host[Symbol.asyncDispose]()
  })

  const send = async (messageId: string): Promise<string> => {
    const { json } = await alice.post('/sendMessage', {
      message: { recipient: bobKey, messageBox: 'inbox', messageId, body: 'hello' },
    })
    return (json['results'] as { handle: string }[])[0]!.handle
  }
  const status = async (caller: TestCaller, handles: readonly string[]) => {
    const { json } = await caller.post('/messageStatus', { handles })
    return json['results'] as Record<string, unknown>[]
  }
  const states = async (caller: TestCaller, handles: readonly string[]) =>
    (await status(caller, handles)).map(({ state }) => state)

  it('tells how a message to somebody at home here stands: delivered, then acknowledged', async () => {
    await bob.post('/authorizeRouting', await authorizationBody(bobWallet, host))
    const handle = await send('m1')
    const [before] = await status(alice, [handle])
    expect(before).to.deep.include({ handle, state: 'delivered', recipient: bobKey, messageId: 'm1', attempts: 0 })
    await bob.post('/acknowledgeMessage', { messageIds: ['m1'] })
    expect(await status(alice, [handle])).to.deep.equal([{ handle, state: 'acknowledged' }])
  })

  it('tells that a message to somebody without a home waits, until they acknowledge it here', async () => {
    const handle = await send('m1')
    expect(await states(alice, [handle])).to.deep.equal(['waiting'])
    await bob.post('/listMessages', { messageBox: 'inbox' })
    await bob.post('/acknowledgeMessage', { messageIds: ['m1'] })
    const [after] = await status(alice, [handle])
    expect(after).to.deep.include({ state: 'acknowledged', messageId: 'm1' })
    expect(after).not.to.have.property('nextAttemptAtMs')
  })

  it('answers in order, each caller for their own messages only', async () => {
    const [first, second] = [await send('m1'), await send('m2')]
    expect(await states(alice, [second, 'no handle', first])).to.deep.equal(['waiting', 'unknown', 'waiting'])
    expect(await status(bob, [first])).to.deep.equal([{ handle: first, state: 'unknown' }])
  })

  it('knows a repeat by the handle of the first', async () => {
    expect(await send('m1')).to.equal(await send('m1'))
  })

  for (const [name, body] of Object.entries({
    'no handles': {},
    'an empty list': { handles: [] },
    'too many': { handles: Array.from({ length: 101 }, () => 'x') },
    'what is no text': { handles: [1] },
    'a text without end': { handles: ['x'.repeat(65)] },
    'more than it asks for': { handles: ['x'], sender: 'y' },
  })) {
    it(`refuses ${name}`, async () => {
      const { status: code, json } = await alice.post('/messageStatus', body)
      expect([code, json['code']]).to.deep.equal([400, 'ERR_INVALID_PARAMETERS'])
    })
  }
})
