import { bytesToHex, signEnvelope, signHandover, type BoxName, type MessageId } from '@overpost/protocol'
import { signedSend } from '@overpost/auth/testing'
import { expect } from 'chai'
import type { Host } from '../../host.ts'
import {
  aliceWallet,
  authorizationBody,
  bobWallet,
  callerFixture,
  hostFixture,
  otherHostWallet,
  walletFixture,
  type TestCaller,
} from '../../testing/host-fixture.ts'

/** Where Bob moves to, with his old host played by the test. How hosts do it among themselves: test/scenarios/handover.test.ts. */
describe('/handoverMessages', () => {
  let host: Host
  let bob: TestCaller
  let old: TestCaller
  let atMs: number

  beforeEach(async () => {
    atMs = Date.now()
    host = await hostFixture()
    bob = callerFixture(bobWallet, host.url)
    old = callerFixture(otherHostWallet, host.url)
    await bob.post('/authorizeRouting', await authorizationBody(bobWallet, host, { pattern: '^inbox$' }))
  })
  afterEach(async () => {
    bob[Symbol.dispose]()
    old[Symbol.dispose]()
    await host[Symbol.asyncDispose]()
  })

  const forwardId = (place: number) => atMs.toString(16).padStart(16, '0') + place.toString(16).padStart(48, '0')
  const vouched = (
    place: number,
    { box = 'inbox', recipient = bobWallet.identityKey, body = `body ${place}` } = {},
  ) => ({
    originalSender: aliceWallet.identityKey,
    proof: 'host',
    message: { recipient, messageBox: box, messageId: `m${place}`, body },
    forwardId: forwardId(place),
  })
  async function signed(place: number, body = `body ${place}`, signedAtMs = atMs) {
    const message = {
      ...{ sender: aliceWallet.identityKey, recipient: bobWallet.identityKey, box: 'inbox' as BoxName },
      ...{ messageId: `m${place}` as MessageId, body: `body ${place}` },
    }
    const { timestampMs, signatureHex } = await signEnvelope(aliceWallet, message, signedAtMs)
    const signedMessage = { recipient: message.recipient, messageBox: 'inbox', messageId: message.messageId, body }
    const proof = { proof: 'envelope', timestamp: timestampMs, senderSignature: signatureHex }
    return { originalSender: message.sender, ...proof, signedMessage, forwardId: forwardId(place) }
  }
  async function handOver(messages: readonly unknown[], { from = otherHostWallet, by = old, user = bobWallet } = {}) {
    const terms = { userKey: user.identityKey, from: from.identityKey, to: host.identityKey, atMs }
    const { signature } = await signHandover(user, terms)
    return by.post('/handoverMessages', { userKey: user.identityKey, atMs, signature: bytesToHex(signature), messages })
  }
  const results = async (...messages: unknown[]) => (await handOver(messages)).json['results'] as { code?: string }[]
  const listed = async () =>
    ((await bob.post('/listMessages', { messageBox: 'inbox' })).json['messages'] as Record<string, unknown>[]).map(
      ({ body, proof, originHost }) => ({ body, proof, originHost }),
    )

  it('takes envelopes as they are, and the rest on the word of the old host, and says so to the reader', async () => {
    const old = await signed(3, 'body 3', atMs - 30 * 86_400_000)
    expect(await results(await signed(1), vouched(2), old)).to.deep.equal(Array(3).fill({ status: 'success' }))
    const originHost = otherHostWallet.identityKey
    const shown = await listed()
    expect(shown.map(({ proof, originHost: by }) => ({ proof, by }))).to.deep.equal([
      { proof: 'envelope', by: originHost },
      { proof: 'host', by: originHost },
      { proof: 'envelope', by: originHost },
    ])
  })

  it('takes each once, also after it was acknowledged here', async () => {
    await results(await signed(1), vouched(2))
    await bob.post('/acknowledgeMessage', { messageIds: ['m1', 'm2'] })
    const again = await results(await signed(1), vouched(2))
    expect(again).to.deep.equal(Array(2).fill({ status: 'success', duplicate: true }))
    expect(await listed()).to.deep.equal([])
  })

  it('reads a message out of the request of its sender, by which it is known again under another id', async () => {
    const request = (place: number, id: string, messageId = 'm1') => {
      const message = { recipient: bobWallet.identityKey, messageBox: 'inbox', messageId: id, body: { n: 1 } }
      const { payload } = signedSend(aliceWallet, otherHostWallet.identityKey, { message })
      const name = { recipient: bobWallet.identityKey, messageBox: 'inbox', messageId }
      return { ...vouched(place), message: name, signedMessage: Buffer.from(payload).toString('base64') }
    }
    const one = request(1, 'm1')
    expect(await results(one)).to.deep.equal([{ status: 'success' }])
    const originHost = otherHostWallet.identityKey
    expect(await listed()).to.deep.equal([{ body: '{"message":{"n":1}}', proof: 'host', originHost }])
    await bob.post('/acknowledgeMessage', { messageIds: ['m1'] })
    const again = await results({ ...one, forwardId: forwardId(2) }, request(3, 'm2'), request(4, 'm4', 'm4'))
    expect(again[0]).to.deep.equal({ status: 'success', duplicate: true })
    expect(again[1]).to.include({ code: 'ERR_SENDER_LINKAGE_VERIFICATION_FAILED' })
    expect(again[2]).to.deep.equal({ status: 'success' })
    expect(await listed()).to.have.length(1)
  })

  it('refuses each message for itself: other users’, other boxes’, with other bodies than were signed, with a request', async () => {
    const answers = await results(
      vouched(1, { recipient: aliceWallet.identityKey }),
      vouched(2, { box: 'other' }),
      await signed(3, 'changed'),
      { ...vouched(4), proof: 'brc94' },
      vouched(5),
    )
    expect(answers.map(({ code }) => code)).to.deep.equal([
      'ERR_RECIPIENT_NOT_HOSTED',
      'ERR_RECIPIENT_NOT_HOSTED',
      'ERR_INVALID_ENVELOPE',
      'ERR_INVALID_PARAMETERS',
      undefined,
    ])
    expect(await listed()).to.have.length(1)
  })

  it('takes nothing for users who did not authorise this host, and nothing from hosts that they did not name', async () => {
    const carol = walletFixture('55')
    const ofCarol = await handOver([vouched(1, { recipient: carol.identityKey })], { user: carol })
    expect((ofCarol.json['results'] as { code: string }[])[0]?.code).to.equal('ERR_RECIPIENT_NOT_HOSTED')
    using stranger = callerFixture(walletFixture('66'), host.url)
    expect((await handOver([vouched(1)], { by: stranger })).json).to.include({ code: 'ERR_SIGNATURE_INVALID' })
    expect(await listed()).to.deep.equal([])
  })
})
