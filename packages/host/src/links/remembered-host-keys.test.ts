import { createServer, type Server } from 'node:http'
import { nativeSignatureVerifier, nodeTransport, type IdentityWallet } from '@overpost/auth'
import { ManualClock } from '@overpost/core/testing'
import { signCapabilityDocument, type HostOrigin } from '@overpost/protocol'
import { openStore } from '@overpost/store'
import { expect } from 'chai'
import { hostWallet, otherHostWallet } from '../testing/host-fixture.ts'
import { bind, unbind } from '../testing/scripted-peer.ts'
import { pinHostKeys } from './pin-host-keys.ts'
import { RememberedHostKeys } from './remembered-host-keys.ts'

describe('RememberedHostKeys', () => {
  const transport = nodeTransport()
  after(() => transport.close())
  const clock = new ManualClock()
  let server: Server
  let origin: HostOrigin
  let shown: () => Promise<unknown>
  let asked: number
  let events: string[]
  let keys: RememberedHostKeys
  let store: Awaited<ReturnType<typeof openStore>>

  beforeEach(async () => {
    ;[asked, events] = [0, []]
    server = createServer((_, response) => {
      asked += 1
      void shown().then((json) => response.end(JSON.stringify(json)))
    })
    origin = await bind(server)
    store = await openStore({ kind: 'memory' })
    keys = open()
  })
  afterEach(async () => {
    await unbind(server)
    await store[Symbol.asyncDispose]()
  })
  const open = () =>
    new RememberedHostKeys({
      ...{ store: store.hostKeys, transport, verifier: nativeSignatureVerifier(), clock, timeoutMs: 1_000 },
      changed: ({ offeredKey }) => events.push(`changed to ${offeredKey}`),
      failed: ({ reason }) => events.push(`failed: ${reason}`),
    })
  const documentOf = (wallet: IdentityWallet, of = origin) =>
    signCapabilityDocument(wallet, {
      ...{ version: 1, identityKey: wallet.identityKey, origin: of, software: 'x', issuedAtMs: 1 },
      ...{ openToNewIdentities: true, memoryDays: 7, proofs: [], limits: { bodyBytes: 1, recipients: 1 } },
    })

  it('asks a host who it is, once, and remembers it for good', async () => {
    shown = () => documentOf(hostWallet)
    expect(await Promise.all([keys.keyOf(origin), keys.keyOf(origin)])).to.deep.equal([
      hostWallet.identityKey,
      hostWallet.identityKey,
    ])
    expect(asked).to.equal(1)
    await unbind(server)
    expect(await open().keyOf(origin), 'after a restart, while it is down').to.equal(hostWallet.identityKey)
    server = createServer()
    await bind(server)
  })

  it('believes no document of another origin, or with a field that was changed', async () => {
    for (const lie of [
      () => documentOf(hostWallet, 'https://other.example' as HostOrigin),
      async () => ({ ...(await documentOf(hostWallet)), identityKey: otherHostWallet.identityKey }),
      () => Promise.resolve('hello'),
    ]) {
      shown = lie
      expect(await open().keyOf(origin)).to.equal(null)
    }
    expect(events).to.have.length(3)
    expect(await store.hostKeys.find(origin)).to.equal(null)
  })

  it('raises an alarm at another key, and goes on with the one that it knows until that is accepted', async () => {
    shown = () => documentOf(hostWallet)
    await keys.keyOf(origin)
    shown = () => documentOf(otherHostWallet)
    clock.advance(60 * 60 * 1000)
    expect(await keys.keyOf(origin)).to.equal(hostWallet.identityKey)
    while (events.length === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(events).to.deep.equal([`changed to ${otherHostWallet.identityKey}`])
    expect(await keys.keyOf(origin)).to.equal(hostWallet.identityKey)
    await store.hostKeys.accept(origin, otherHostWallet.identityKey, clock.nowMs())
    expect(await keys.keyOf(origin)).to.equal(otherHostWallet.identityKey)
  })

  it('takes the key that the operator names, known or not, and the same again', async () => {
    const { identityKey } = otherHostWallet
    shown = () => documentOf(hostWallet)
    await keys.keyOf(origin)
    for (let start = 0; start < 2; start++) {
      await pinHostKeys(store.hostKeys, [`${origin} ${identityKey}`, `https://new.example ${identityKey}`], start)
      expect(await keys.keyOf(origin)).to.equal(identityKey)
      expect((await store.hostKeys.find('https://new.example' as HostOrigin))?.hostKey).to.equal(identityKey)
    }
  })

  it('does not ask a host that is down again and again', async () => {
    shown = () => Promise.reject(new Error('unused'))
    await unbind(server)
    expect(await keys.keyOf(origin)).to.equal(null)
    expect(await keys.keyOf(origin)).to.equal(null)
    expect(events).to.have.length(1)
    clock.advance(30_000)
    expect(await keys.keyOf(origin)).to.equal(null)
    expect(events).to.have.length(2)
    server = createServer()
    await bind(server)
  })
})
