import { bytesToHex, signHandover } from '@overpost/protocol'
import { expect } from 'chai'
import { Federation } from './testing/federation.ts'
import { aliceWallet, bobWallet, hostWallet, otherHostWallet } from './testing/host-fixture.ts'

describe('a user who moves home', () => {
  let federation: Federation
  beforeEach(async () => {
    federation = await Federation.start()
  })
  afterEach(() => federation[Symbol.asyncDispose]())

  it('has what waits at the new host, and its sender sees that at the old one, and what was acknowledged before', async () => {
    const [old, next] = [await federation.host('22'), await federation.host('44')]
    const [alice, bob] = [federation.caller(aliceWallet, old), federation.caller(bobWallet, old)]
    await federation.settle(bobWallet, old, hostWallet)
    const send = async (messageId: string): Promise<string> => {
      const message = { recipient: bobWallet.identityKey, messageBox: 'inbox', messageId, body: messageId }
      const { json } = await alice.post('/sendMessage', { message })
      return (json['results'] as { handle: string }[])[0]?.handle ?? ''
    }
    const handles = [await send('m1'), await send('m2'), await send('m3')]
    await bob.post('/acknowledgeMessage', { messageIds: ['m2'] })
    const status = async (): Promise<Record<string, unknown>[]> =>
      (await alice.post('/messageStatus', { handles })).json['results'] as Record<string, unknown>[]

    await federation.settle(bobWallet, next, otherHostWallet)
    const terms = { from: old.identityKey, to: next.identityKey, atMs: Date.now() }
    const { signature } = await signHandover(bobWallet, { userKey: bobWallet.identityKey, ...terms })
    const move = { ...terms, signature: bytesToHex(signature) }
    expect((await bob.post('/revokeRouting', move)).status).to.equal(200)
    expect((await federation.arrived(bobWallet, next, 2)).map(({ messageId }) => messageId)).to.have.members([
      'm1',
      'm3',
    ])
    while ((await bob.post('/revokeRouting', move)).json['done'] !== true);
    const [m1, m2, m3] = handles
    expect(await status()).to.deep.equal([
      { handle: m1, state: 'delivered', movedTo: next.identityKey },
      { handle: m2, state: 'acknowledged' },
      { handle: m3, state: 'delivered', movedTo: next.identityKey },
    ])
  })
})
