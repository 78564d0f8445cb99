import {
  custodyBodyHash,
  custodyLeaf,
  ownForwardId,
  sdkSignatureVerifier,
  verifyCustodyReceipt,
  type CustodyReceipt,
} from '@overpost/protocol'
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

  describe('of what is in a box here', () => {
    /** What the receipts say to somebody who has never heard of this host; null where there is none that holds. */
    const receipts = async (handles: readonly string[]) =>
      (await status(alice, handles)).map(({ receipt }) => {
        const verified = verifyCustodyReceipt(receipt, sdkSignatureVerifier())
        return 'receipt' in verified ? verified.receipt : null
      })

    it('gives its own receipt, until it is acknowledged', async () => {
      await bob.post('/authorizeRouting', await authorizationBody(bobWallet, host))
      const handle = await send('m1')
      const [receipt] = await receipts([handle])
      const [{ acceptedAtMs } = {}] = await status(alice, [handle])
      expect(receipt).to.deep.include({
        ...{ host: { identityKey: host.identityKey, origin: host.url }, originHost: host.identityKey },
        ...{ recipient: bobKey, sender: aliceWallet.identityKey, box: 'inbox', messageId: 'm1' },
        bodyHash: custodyBodyHash('hello', sdkSignatureVerifier()),
        forwardId: ownForwardId(handle, acceptedAtMs as number, sdkSignatureVerifier()),
      })
      expect(receipt?.proof.storedAtMs).to.equal(acceptedAtMs)
      await bob.post('/acknowledgeMessage', { messageIds: ['m1'] })
      expect(await receipts([handle])).to.deep.equal([null])
    })

    it('signs once for a whole question, and the same leaf each time', async () => {
      await bob.post('/authorizeRouting', await authorizationBody(bobWallet, host))
      const handles = [await send('m1'), await send('m2'), await send('m3')]
      const together = await receipts([handles[0]!, 'no handle', ...handles.slice(1)])
      expect(together.map((receipt) => receipt?.messageId ?? null)).to.deep.equal(['m1', null, 'm2', 'm3'])
      expect(new Set(together.flatMap((receipt) => receipt?.proof.signatureHex ?? [])).size).to.equal(1)
      const [alone] = await receipts([handles[2]!])
      const leaf = (receipt: CustodyReceipt | null | undefined) =>
        receipt == null ? null : custodyLeaf(receipt, receipt.proof.storedAtMs, sdkSignatureVerifier())
      expect(leaf(alone)).to.be.a('string').and.equal(leaf(together[3]))
    })

    it('gives one for a guest’s copy once it was listed, and none before', async () => {
      const handle = await send('m1')
      expect(await receipts([handle])).to.deep.equal([null])
      await bob.post('/listMessages', { messageBox: 'inbox' })
      expect(await states(alice, [handle])).to.deep.equal(['delivered'])
      expect((await receipts([handle]))[0]).to.include({ messageId: 'm1', originHost: host.identityKey })
    })
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
