import {
  signEnvelope,
  type BoxName,
  type IdentityKey,
  type MessageId,
  type PropagateMessageJson,
} from '@overpost/protocol'
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

const dayMs = 86_400_000
const noPoint = `02${'0'.repeat(62)}05` as IdentityKey

/** A delivery from another host: `forwardId` names it, and is fresh each time unless given. */
async function itemFixture({
  forwardAtMs = Date.now(),
  signedAtMs = Date.now(),
  ...fields
}: {
  messageId?: string
  body?: string
  box?: string
  recipient?: IdentityKey
  forwardAtMs?: number
  signedAtMs?: number
} = {}): Promise<PropagateMessageJson> {
  const message = {
    sender: aliceWallet.identityKey,
    recipient: fields.recipient ?? bobWallet.identityKey,
    box: (fields.box ?? 'inbox') as BoxName,
    messageId: (fields.messageId ?? 'm1') as MessageId,
    body: fields.body ?? 'hello',
  }
  const { timestampMs, signatureHex } = await signEnvelope(aliceWallet, message, signedAtMs)
  const random = Array.from({ length: 24 }, () =>
    Math.floor(Math.random() * 256)
      .toString(16)
      .padStart(2, '0'),
  ).join('')
  return {
    originalSender: message.sender,
    proof: 'envelope',
    signedMessage: {
      recipient: message.recipient,
      messageBox: message.box,
      messageId: message.messageId,
      body: message.body,
    },
    timestamp: timestampMs,
    senderSignature: signatureHex,
    forwardId: forwardAtMs.toString(16).padStart(16, '0') + random,
  }
}

describe('the BRC-34 door', () => {
  let host: Host
  let bob: TestCaller
  let other: TestCaller

  beforeEach(async () => {
    host = await hostFixture({ limits: { batchBytes: 20_000 } })
    bob = callerFixture(bobWallet, host.url)
    other = callerFixture(otherHostWallet, host.url)
  })
  afterEach(async () => {
    bob[Symbol.dispose]()
    other[Symbol.dispose]()
    await host[Symbol.asyncDispose]()
  })

  const outcome = ({ status, json }: { status: number; json: Record<string, unknown> }) => ({
    status,
    code: json['code'],
  })
  const authorize = async (terms: Parameters<typeof authorizationBody>[2] = {}) =>
    bob.post('/authorizeRouting', await authorizationBody(bobWallet, host, terms))
  const listed = async (box = 'inbox') =>
    (await bob.post('/listMessages', { messageBox: box })).json['messages'] as Record<string, unknown>[]

  describe('/authorizeRouting and /revokeRouting', () => {
    it('makes this host a home, until it is revoked', async () => {
      expect(outcome(await other.post('/propagateMessage', await itemFixture()))).to.deep.equal({
        status: 404,
        code: 'ERR_RECIPIENT_NOT_HOSTED',
      })
      expect(await authorize()).to.deep.equal({ status: 200, json: { status: 'success' } })
      expect((await other.post('/propagateMessage', await itemFixture())).status).to.equal(200)
      expect((await bob.post('/revokeRouting', {})).json).to.deep.equal({ status: 'success' })
      const refused = await other.post('/propagateMessage', await itemFixture({ messageId: 'm2' }))
      expect(refused.json['code']).to.equal('ERR_RECIPIENT_NOT_HOSTED')
      expect(outcome(await bob.post('/revokeRouting', {}))).to.deep.equal({ status: 404, code: 'ERR_NOT_AUTHORIZED' })
      expect(await listed()).to.have.length(1)
    })

    it('takes the same authorization again, and tells of one that is not later', async () => {
      const issuedAtMs = Date.now() - 60_000
      const expiresAtMs = Date.now() + dayMs
      const terms = { issuedAtMs, expiresAtMs }
      expect((await authorize(terms)).status).to.equal(200)
      expect((await authorize(terms)).status).to.equal(200)
      const older = await authorize({ ...terms, issuedAtMs: issuedAtMs - 1 })
      expect(outcome(older)).to.deep.equal({ status: 400, code: 'ERR_INVALID_AUTHORIZATION' })
      await bob.post('/revokeRouting', {})
      expect(outcome(await authorize(terms))).to.deep.equal({ status: 400, code: 'ERR_INVALID_AUTHORIZATION' })
      expect((await authorize({ ...terms, issuedAtMs: issuedAtMs + 1 })).status).to.equal(200)
    })

    it('is a home only for the boxes that the pattern names', async () => {
      await authorize({ pattern: '^inbox$' })
      expect((await other.post('/propagateMessage', await itemFixture())).status).to.equal(200)
      const refused = await other.post('/propagateMessage', await itemFixture({ box: 'payments' }))
      expect(refused.json['code']).to.equal('ERR_RECIPIENT_NOT_HOSTED')
    })

    it('takes no new identities when it is closed', async () => {
      await using closed = await hostFixture({ open: false })
      using caller = callerFixture(bobWallet, closed.url)
      const refused = await caller.post('/authorizeRouting', await authorizationBody(bobWallet, closed))
      expect(outcome(refused)).to.deep.equal({ status: 403, code: 'ERR_CLOSED' })
    })

    const badTerms: [name: string, code: string, terms: Parameters<typeof authorizationBody>[2]][] = [
      ['the key of another host', 'ERR_INVALID_AUTHORIZATION', { hostKey: otherHostWallet.identityKey }],
      ['another origin', 'ERR_INVALID_AUTHORIZATION', { origin: 'https://relay.example' }],
      ['an origin with a slash', 'ERR_INVALID_AUTHORIZATION', { origin: 'http://127.0.0.1:1/' }],
      ['a pattern that does not compile', 'ERR_INVALID_AUTHORIZATION', { pattern: '(' }],
      ['a pattern that is too long', 'ERR_INVALID_AUTHORIZATION', { pattern: 'a'.repeat(129) }],
      ['an issue in the future', 'ERR_INVALID_AUTHORIZATION', { issuedAtMs: Date.now() + 3_600_000 }],
      ['an expiry that has passed', 'ERR_INVALID_AUTHORIZATION', { issuedAtMs: 1, expiresAtMs: Date.now() - 1 }],
      ['a life over 400 days', 'ERR_INVALID_AUTHORIZATION', { expiresAtMs: Date.now() + 401 * dayMs }],
    ]
    for (const [name, code, terms] of badTerms) {
      it(`refuses ${name}`, async () => {
        expect(outcome(await authorize(terms))).to.deep.equal({ status: 400, code })
        expect((await bob.post('/revokeRouting', {})).json['code']).to.equal('ERR_NOT_AUTHORIZED')
      })
    }

    it('refuses what another user signed, and what is no authorization', async () => {
      const others = await authorizationBody(aliceWallet, host)
      expect(outcome(await bob.post('/authorizeRouting', others)).code).to.equal('ERR_SIGNATURE_INVALID')
      const { signature, ...unsigned } = await authorizationBody(bobWallet, host)
      const { expiresAtMs, ...halfDated } = { ...unsigned, signature } as Record<string, unknown>
      const disagreeing = { ...unsigned, signature, message: `${host.identityKey} ${host.url} ALL` }
      for (const body of [{}, [], unsigned, halfDated, { signature }]) {
        expect(outcome(await bob.post('/authorizeRouting', body))).to.deep.equal({
          status: 400,
          code: 'ERR_INVALID_REQUEST',
        })
      }
      expect(expiresAtMs).to.be.a('number')
      expect(outcome(await bob.post('/authorizeRouting', disagreeing)).code).to.equal('ERR_INVALID_AUTHORIZATION')
      expect(outcome(await bob.post('/revokeRouting', { from: 'a later form' })).code).to.equal('ERR_INVALID_REQUEST')
      expect(outcome(await bob.post('/revokeRouting', { hostKey: bob.identityKey })).code).to.equal(
        'ERR_NOT_AUTHORIZED',
      )
    })
  })

  describe('/propagateMessage and /propagateMessages', () => {
    beforeEach(authorize)

    it('stores a message once, and shows who handed it in and what proves its sender', async () => {
      const item = await itemFixture()
      expect((await other.post('/propagateMessage', item)).json)
        .to.include({ status: 'success' })
        .and.not.have.property('duplicate')
      expect((await other.post('/propagateMessage', item)).json).to.include({ status: 'success', duplicate: true })
      const messages = await listed()
      expect(messages).to.have.length(1)
      expect(messages[0]).to.deep.include({
        messageId: 'm1',
        sender: aliceWallet.identityKey,
        body: '{"message":"hello"}',
        proof: 'envelope',
        originHost: other.identityKey,
      })
      await bob.post('/acknowledgeMessage', { messageIds: ['m1'] })
      expect((await other.post('/propagateMessage', item)).json).to.include({ status: 'success', duplicate: true })
      expect(await listed()).to.deep.equal([])
    })

    it('gives each message of a batch its own result, so that a bad one spoils no other', async () => {
      const good = await itemFixture({ messageId: 'm1' })
      const messages = [
        good,
        { ...(await itemFixture({ messageId: 'm2' })), senderSignature: good.senderSignature },
        { nonsense: true },
        await itemFixture({ messageId: 'm3', recipient: walletFixture('55').identityKey }),
        good,
        await itemFixture({ messageId: 'm4' }),
      ]
      const { status, json } = await other.post('/propagateMessages', { messages })
      expect(status).to.equal(200)
      const results = json['results'] as { status: string; code?: string; duplicate?: boolean; description?: string }[]
      expect(
        results.map((result) => result.code ?? (result.duplicate === true ? 'duplicate' : result.status)),
      ).to.deep.equal([
        'success',
        'ERR_SENDER_LINKAGE_VERIFICATION_FAILED',
        'ERR_SENDER_LINKAGE_VERIFICATION_FAILED',
        'ERR_RECIPIENT_NOT_HOSTED',
        'duplicate',
        'success',
      ])
      expect(results[1]?.description).to.be.a('string')
      expect((await listed()).map((message) => message['messageId'])).to.deep.equal(['m1', 'm4'])
    })

    const badBatches: [name: string, status: number, code: string, body: () => Promise<unknown>][] = [
      ['no list', 400, 'ERR_INVALID_PARAMETERS', () => Promise.resolve({})],
      ['an empty list', 400, 'ERR_INVALID_PARAMETERS', () => Promise.resolve({ messages: [] })],
      ['a list too long', 400, 'ERR_INVALID_PARAMETERS', () => Promise.resolve({ messages: Array(101).fill({}) })],
      [
        'too many bytes',
        413,
        'ERR_BODY_TOO_LARGE',
        async () => ({ messages: [await itemFixture({ body: 'x'.repeat(20_000) })] }),
      ],
    ]
    for (const [name, status, code, body] of badBatches) {
      it(`refuses a batch as a whole, and stores nothing: ${name}`, async () => {
        expect(outcome(await other.post('/propagateMessages', await body()))).to.deep.equal({ status, code })
        expect(await listed()).to.deep.equal([])
      })
    }

    type Change = (item: PropagateMessageJson) => unknown
    const signed =
      (fields: Record<string, unknown>): Change =>
      (item) => ({
        ...item,
        signedMessage: { ...item.signedMessage, ...fields },
      })
    const badItems: [name: string, status: number, code: string, change: Change][] = [
      [
        "BRC-34's bare keyLinkage",
        403,
        'ERR_SENDER_LINKAGE_VERIFICATION_FAILED',
        ({ originalSender, senderSignature }) => ({
          originalSender,
          keyLinkage: 'a2'.repeat(32),
          signedMessage: '{"message":{}}',
          senderSignature,
        }),
      ],
      ['an envelope called brc94', 400, 'ERR_INVALID_PARAMETERS', (item) => ({ ...item, proof: 'brc94' })],
      ['an envelope called host', 400, 'ERR_INVALID_PARAMETERS', (item) => ({ ...item, proof: 'host' })],
      ['a proof that nobody knows', 403, 'ERR_SENDER_LINKAGE_VERIFICATION_FAILED', (item) => ({ ...item, proof: 7 })],
      ['another body', 403, 'ERR_SENDER_LINKAGE_VERIFICATION_FAILED', signed({ body: 'other' })],
      ['another box', 403, 'ERR_SENDER_LINKAGE_VERIFICATION_FAILED', signed({ messageBox: 'other' })],
      ['another id', 403, 'ERR_SENDER_LINKAGE_VERIFICATION_FAILED', signed({ messageId: 'other' })],
      [
        'another sender',
        403,
        'ERR_SENDER_LINKAGE_VERIFICATION_FAILED',
        (item) => ({ ...item, originalSender: otherHostWallet.identityKey }),
      ],
      [
        'a sender that is no point',
        403,
        'ERR_SENDER_LINKAGE_VERIFICATION_FAILED',
        (item) => ({ ...item, originalSender: noPoint }),
      ],
      [
        'another time',
        403,
        'ERR_SENDER_LINKAGE_VERIFICATION_FAILED',
        (item) => ({ ...item, timestamp: item.timestamp - 1 }),
      ],
      ['no sender', 400, 'ERR_INVALID_PARAMETERS', (item) => ({ ...item, originalSender: undefined })],
      ['a sender that is no key', 400, 'ERR_INVALID_PARAMETERS', (item) => ({ ...item, originalSender: 'alice' })],
      ['no message', 400, 'ERR_INVALID_PARAMETERS', (item) => ({ ...item, signedMessage: undefined })],
      ['a message that is text', 400, 'ERR_INVALID_PARAMETERS', (item) => ({ ...item, signedMessage: 'hello' })],
      ['a recipient that is no key', 400, 'ERR_INVALID_PARAMETERS', signed({ recipient: 'bob' })],
      ['a blank box', 400, 'ERR_INVALID_PARAMETERS', signed({ messageBox: ' ' })],
      ['a blank id', 400, 'ERR_INVALID_PARAMETERS', signed({ messageId: '' })],
      ['a body that is an object', 400, 'ERR_INVALID_PARAMETERS', signed({ body: {} })],
      ['a time that is text', 400, 'ERR_INVALID_PARAMETERS', (item) => ({ ...item, timestamp: 'now' })],
      ['a signature that is not DER', 400, 'ERR_INVALID_PARAMETERS', (item) => ({ ...item, senderSignature: 'zz' })],
      ['no forward id', 400, 'ERR_INVALID_PARAMETERS', (item) => ({ ...item, forwardId: undefined })],
      ['a short forward id', 400, 'ERR_INVALID_PARAMETERS', (item) => ({ ...item, forwardId: 'ab' })],
      [
        'a forward id from long ago',
        400,
        'ERR_TOO_OLD',
        (item) => ({ ...item, forwardId: '0'.repeat(16) + 'ab'.repeat(24) }),
      ],
      [
        'a forward id from the future',
        425,
        'ERR_TOO_EARLY',
        (item) => ({ ...item, forwardId: '00000fff'.padEnd(64, 'f') }),
      ],
      ['text', 400, 'ERR_INVALID_PARAMETERS', () => JSON.stringify('hello')],
      ['no JSON', 400, 'ERR_INVALID_JSON', () => 'hello'],
    ]
    for (const [name, status, code, change] of badItems) {
      it(`refuses a message, and stores nothing: ${name}`, async () => {
        expect(outcome(await other.post('/propagateMessage', change(await itemFixture())))).to.deep.equal({
          status,
          code,
        })
        expect(await listed()).to.deep.equal([])
      })
    }

    it('refuses an envelope older than its memory, and one with another body under the same id', async () => {
      const old = await itemFixture({ signedAtMs: Date.now() - 8 * dayMs })
      expect(outcome(await other.post('/propagateMessage', old))).to.deep.equal({ status: 400, code: 'ERR_TOO_OLD' })
      await other.post('/propagateMessage', await itemFixture())
      const conflict = await other.post('/propagateMessage', await itemFixture({ body: 'other' }))
      expect(outcome(conflict)).to.deep.equal({ status: 400, code: 'ERR_DUPLICATE_MESSAGE' })
      expect(await listed()).to.have.length(1)
    })
  })
})
