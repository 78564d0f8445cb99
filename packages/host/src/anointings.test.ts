import { expect } from 'chai'
import type { Host } from './host.ts'
import { Federation } from './testing/federation.ts'
import { aliceWallet, bobWallet, otherHostWallet, walletFixture } from './testing/host-fixture.ts'

const bob = bobWallet.identityKey
const carolWallet = walletFixture('55')

/** Alice sends at A. Bob says on chain, with `tm_messagebox`, which host is his. */
describe('hosts that users anoint', () => {
  let federation: Federation
  let a: Host
  beforeEach(async () => {
    federation = await Federation.start()
    a = await federation.host('22')
  })
  afterEach(() => federation[Symbol.asyncDispose]())

  const send = async (body: string, to = bob) => {
    const message = { recipient: to, messageBox: 'inbox', messageId: `id of ${body}`, body }
    const { status } = await federation.caller(aliceWallet, a).post('/sendMessage', { message })
    expect(status).to.equal(200)
  }
  const bodies = (listed: Record<string, unknown>[]) =>
    listed.map(({ body }) => (JSON.parse(body as string) as { message: string }).message)
  const arrivedAt = async (host: Host, count = 1) => bodies(await federation.arrived(bobWallet, host, count))
  const listedAt = async (host: Host) => bodies(await federation.listed(bobWallet, host))
  /** Somebody whose message must cross first: what came before it has been looked at. */
  const settled = async (host: Host, wallet = otherHostWallet) => {
    await federation.settle(carolWallet, host, wallet)
    await send('for carol', carolWallet.identityKey)
    expect(await federation.arrived(carolWallet, host)).to.have.length(1)
  }
  /** Where Bob's host was, once a message had come there. */
  const withAnotherKey = async () => {
    const b = await federation.host('44')
    await federation.overlay.anoint(bobWallet, b.url)
    await send('one')
    await arrivedAt(b)
    await b[Symbol.asyncDispose]()
    const other = await federation.host('66', { listen: { port: Number(new URL(b.url).port) } })
    expect(other.url).to.equal(b.url)
    return other
  }

  it('are homes: mail of another host goes there, and the host takes it, without an authorization', async () => {
    const b = await federation.host('44')
    await federation.overlay.anoint(bobWallet, b.url)
    await send('hello')
    expect(await arrivedAt(b)).to.deep.equal(['hello'])
  })

  it('keep what is sent there, for good', async () => {
    await federation.overlay.anoint(bobWallet, a.url)
    await send('hello')
    expect(await arrivedAt(a)).to.deep.equal(['hello'])
    const later = await federation.host('44')
    await settled(later)
    expect(await listedAt(a)).to.deep.equal(['hello'])
  })

  it('are none any more once the user has spent the anointing, also when a stranger puts its script on chain again', async () => {
    const b = await federation.host('44')
    const end = await federation.overlay.anoint(bobWallet, b.url)
    await end()
    await federation.overlay.anoint(bobWallet, b.url)
    await send('hello')
    await settled(b)
    expect(await listedAt(b)).to.deep.equal([])
    expect(await listedAt(a)).to.deep.equal(['hello'])
  })

  it('are none that closed to new identities', async () => {
    const b = await federation.host('44', { open: false })
    await federation.overlay.anoint(bobWallet, b.url)
    const c = await federation.host('66')
    await send('hello')
    await settled(c, walletFixture('66'))
    expect(await listedAt(b)).to.deep.equal([])
  })

  it('get a message once when they are authorised too: the advert says which key', async () => {
    const b = await federation.host('44')
    await federation.overlay.anoint(bobWallet, b.url)
    await federation.settle(bobWallet, b, otherHostWallet)
    await send('hello')
    expect(await arrivedAt(b)).to.deep.equal(['hello'])
  })

  it('are not switched when they show another key', async () => {
    const other = await withAnotherKey()
    await send('two')
    const c = await federation.host('77')
    await settled(c, walletFixture('77'))
    expect(await listedAt(other)).to.deep.equal([])
  })

  it('are switched when the operator accepts the other key', async () => {
    const token = 'the operator of this test host'.replaceAll(' ', '-')
    a = await federation.host('33', { operator: { token }, routes: { positiveMs: 3_600_000, negativeMs: 0 } })
    const ask = async (call: string, body: object) => {
      const headers = { authorization: `Bearer ${token}` }
      const answer = await fetch(`${a.url}/operator/${call}`, { method: 'POST', headers, body: JSON.stringify(body) })
      return (await answer.json()) as Record<string, unknown>
    }
    const other = await withAnotherKey()
    const accept = () => ask('accept-host-key', { origin: other.url, hostKey: other.identityKey })
    expect(await accept()).to.deep.equal({ status: 'success', changed: true })
    expect(await accept()).to.deep.equal({ status: 'success', changed: false })
    expect(await ask('host-keys', {})).to.deep.equal({ status: 'success', hostKeys: [] })
    await send('two')
    expect(await arrivedAt(other)).to.deep.equal(['two'])
  })
})
