import { AuthFetch, PrivateKey, ProtoWallet, type WalletInterface } from '@bsv/sdk'
import { expect } from 'chai'
import { Federation } from './testing/federation.ts'
import { aliceWallet, bobWallet, hostWallet, otherHostWallet, walletFixture } from './testing/host-fixture.ts'

const carolWallet = walletFixture('55')
const thirdHostWallet = walletFixture('66')
const daveWallet = walletFixture('77')

describe('messages of senders without an envelope, between hosts', () => {
  let federation: Federation
  beforeEach(async () => {
    federation = await Federation.start()
  })
  afterEach(() => federation[Symbol.asyncDispose]())

  it('stock AuthFetch sends to recipients on different hosts; each reader sees what proves it', async () => {
    const [a, b, c] = [await federation.host('22'), await federation.host('44'), await federation.host('66')]
    await federation.settle(bobWallet, b, otherHostWallet)
    await federation.settle(carolWallet, c, thirdHostWallet)
    await federation.settle(daveWallet, a, hostWallet)
    const stock = new AuthFetch(new ProtoWallet(PrivateKey.fromHex('11'.repeat(32))) as unknown as WalletInterface)
    const recipients = [bobWallet, carolWallet, daveWallet].map(({ identityKey }) => identityKey)
    const send = (id: string, body: string | object) =>
      stock.fetch(`${a.url}/sendMessage`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          message: { recipients, messageBox: 'inbox', messageId: [`${id}b`, `${id}c`, `${id}d`], body },
        }),
      })
    expect((await send('1', 'grüße')).status).to.equal(200)
    expect((await send('2', { kind: 'note' })).status).to.equal(200)

    const shown = ({ messageId, body, sender, proof, originHost, request }: Record<string, unknown>) => [
      ...[messageId, body, sender, proof, originHost, request === undefined ? null : 'request'],
    ]
    const from = aliceWallet.identityKey
    const vouchedBy = (id: string, proof: string, host: string | undefined, request: string | null) => [
      [`1${id}`, '{"message":"grüße"}', from, proof, host, request],
      [`2${id}`, '{"message":{"kind":"note"}}', from, proof, host, request],
    ]
    const sorted = (messages: Record<string, unknown>[]) => messages.map(shown).toSorted()
    expect(sorted(await federation.arrived(bobWallet, b, 2))).to.deep.equal(
      vouchedBy('b', 'brc94', a.identityKey, 'request'),
    )
    expect(sorted(await federation.arrived(carolWallet, c, 2))).to.deep.equal(
      vouchedBy('c', 'brc94', a.identityKey, 'request'),
    )
    expect(sorted(await federation.arrived(daveWallet, a, 2))).to.deep.equal(vouchedBy('d', 'local', undefined, null))
  })

  it('a request for the letter of BRC-33, without an id, is carried too', async () => {
    const [a, b] = [await federation.host('22'), await federation.host('44')]
    await federation.settle(bobWallet, b, otherHostWallet)
    const message = { recipient: bobWallet.identityKey, messageBox: 'inbox', body: 'hello' }
    const { json } = await federation.caller(aliceWallet, a).post('/sendMessage', { message })
    const [{ messageId } = { messageId: '' }] = json['results'] as { messageId: string }[]
    expect((await federation.arrived(bobWallet, b))[0]).to.include({ messageId, proof: 'brc94' })
  })

  it('a host that prefers to vouch does so for its own users, and shows the request where that is not enough', async () => {
    const a = await federation.host('22', { proofs: { prefer: 'host' } })
    const b = await federation.host('44')
    const c = await federation.host('66', { proofs: { minimum: 'brc94' } })
    await federation.settle(aliceWallet, a, hostWallet)
    await federation.settle(bobWallet, b, otherHostWallet)
    await federation.settle(carolWallet, c, thirdHostWallet)
    const recipients = [bobWallet.identityKey, carolWallet.identityKey]
    const message = { recipients, messageBox: 'inbox', messageId: ['m1', 'm2'], body: { a: 1 } }
    await federation.caller(aliceWallet, a).post('/sendMessage', { message })
    expect((await federation.arrived(bobWallet, b))[0]).to.include({ proof: 'host', originHost: a.identityKey })
    expect((await federation.arrived(carolWallet, c))[0]).to.include({ proof: 'brc94', body: '{"message":{"a":1}}' })
    // Not one of its users: the request.
    const other = { recipient: bobWallet.identityKey, messageBox: 'inbox', messageId: 'm3', body: 'hello' }
    await federation.caller(daveWallet, a).post('/sendMessage', { message: other })
    const messages = await federation.arrived(bobWallet, b, 2)
    expect(messages.map(({ proof }) => proof)).to.deep.equal(['host', 'brc94'])
  })
})
