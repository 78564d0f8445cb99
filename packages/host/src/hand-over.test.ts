import { signHandover, bytesToHex } from '@overpost/protocol'
import { expect } from 'chai'
import type { Host } from './host.ts'
import { Federation } from './testing/federation.ts'
import { aliceWallet, bobWallet, otherHostWallet, walletFixture } from './testing/host-fixture.ts'

describe('a move between hosts that are both homes', () => {
  let federation: Federation
  let [a, b, c]: Host[] = []
  beforeEach(async () => {
    federation = await Federation.start()
    ;[a, b, c] = [await federation.host('22'), await federation.host('44'), await federation.host('66')]
    await federation.settle(bobWallet, b, otherHostWallet)
    await federation.settle(bobWallet, c, walletFixture('66'))
  })
  afterEach(() => federation[Symbol.asyncDispose]())

  const move = async (from: Host, to: Host): Promise<Record<string, unknown>> => {
    const terms = { userKey: bobWallet.identityKey, from: from.identityKey, to: to.identityKey, atMs: Date.now() }
    const { signature, atMs } = await signHandover(bobWallet, terms)
    const body = { from: terms.from, to: terms.to, atMs, signature: bytesToHex(signature) }
    for (;;) {
      const { json } = await federation.caller(bobWallet, from).post('/revokeRouting', body)
      if (json['done'] !== false) return json
    }
  }

  it('hands over nothing that came there by itself and was acknowledged, with no envelope to know it by', async () => {
    const send = (messageId: string) =>
      federation.caller(aliceWallet, a!).post('/sendMessage', {
        message: { recipient: bobWallet.identityKey, messageBox: 'inbox', messageId, body: 'hello' },
      })
    await send('m1')
    await send('m2')
    for (const host of [b!, c!]) expect(await federation.arrived(bobWallet, host, 2)).to.have.length(2)
    // As stock clients do, by ids: B is not told.
    await federation.caller(bobWallet, c!).post('/acknowledgeMessage', { messageIds: ['m1'] })
    expect(await move(b!, c!)).to.include({ waiting: 0, done: true })
    const left = await federation.listed(bobWallet, c!)
    expect(left.map(({ messageId }) => messageId)).to.deep.equal(['m2'])
  })
})
