import { createHash, createHmac } from 'node:crypto'
import type { IdentityWallet } from '@overpost/auth'
import {
  forgeryFromKey,
  forgeryFromSignature,
  isTakenByBareCheck,
  SeededRandom,
  signedSend,
} from '@overpost/auth/testing'
import {
  envelopeText,
  sdkHasher,
  signEnvelope,
  type BoxName,
  type IdentityKey,
  type LinkageRevelationJson,
  type MessageId,
  type PropagateMessageJson,
  type RequestItemJson,
  type SignedRequest,
  type VouchedItemJson,
} from '@overpost/protocol'
import { expect } from 'chai'
import type { Host } from '../../host.ts'
import { Federation, newForwardId } from '../../testing/federation.ts'
import { aliceWallet, bobWallet, hostWallet, otherHostWallet, walletFixture } from '../../testing/host-fixture.ts'
import type { TestAnswer, TestCaller } from '../../testing/host-fixture.ts'

const carolWallet = walletFixture('55')
const thirdHostWallet = walletFixture('66')
const bob = bobWallet.identityKey
const alice = aliceWallet.identityKey
const hostA = hostWallet.identityKey

const unproven = { status: 403, code: 'ERR_SENDER_LINKAGE_VERIFICATION_FAILED' }
const taken = { status: 200, code: undefined }
const duplicate = { status: 'success', duplicate: true }
const outcome = ({ status, json }: TestAnswer) => ({ status, code: json['code'] })
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest())
const hmac = (key: Uint8Array, text: string) => new Uint8Array(createHmac('sha256', key).update(text).digest())
const ciphertext = '{"encryptedMessage":"AAEC"}'

/** What `/sendMessage` is asked for, to Bob. */
const sendOf = (body: string | object = 'hello', messageId = 'm1') => ({
  message: { recipient: bob, messageBox: 'inbox', messageId, body },
})
const requestOf = (body?: string | object, messageId?: string) =>
  signedSend(aliceWallet, hostA, sendOf(body, messageId))
const nameOf = (messageId = 'm1') => ({ recipient: bob, messageBox: 'inbox', messageId })

const vouchedItem = (body: string | object = 'hello', messageId = 'm1'): VouchedItemJson => ({
  ...{ originalSender: alice, proof: 'host', message: { ...nameOf(messageId), body }, forwardId: newForwardId() },
})

async function envelopeItem(body = 'hello', messageId = 'm1'): Promise<PropagateMessageJson> {
  const { signatureHex, timestampMs } = await signEnvelope(aliceWallet, envelopedOf(body, messageId), Date.now())
  return {
    ...{ originalSender: alice, proof: 'envelope', signedMessage: { ...nameOf(messageId), body } },
    ...{ timestamp: timestampMs, senderSignature: signatureHex, forwardId: newForwardId() },
  }
}

const envelopedOf = (body: string, messageId = 'm1') => ({
  ...{ sender: alice, recipient: bob, box: 'inbox' as BoxName, messageId: messageId as MessageId, body },
})

async function revelationOf(
  verifier: IdentityKey,
  host: IdentityWallet = hostWallet,
  sender: IdentityKey = alice,
): Promise<LinkageRevelationJson> {
  const revealed = await host.revealLinkage(sender, verifier)
  return {
    ...revealed,
    encryptedLinkage: base64(revealed.encryptedLinkage),
    encryptedLinkageProof: base64(revealed.encryptedLinkageProof),
  }
}

describe('proofs of the sender, at the BRC-34 door', () => {
  let federation: Federation
  let b: Host
  let fromA: TestCaller

  beforeEach(async () => {
    federation = await Federation.start()
    b = await federation.host('44')
    fromA = federation.caller(hostWallet, b)
    await federation.settle(bobWallet, b, otherHostWallet)
  })
  afterEach(() => federation[Symbol.asyncDispose]())

  const propagate = (item: object, from = fromA) => from.post('/propagateMessage', item).then(outcome)
  const listed = () => federation.listed(bobWallet, b)
  const requestItem = async (
    request: SignedRequest,
    fields: Partial<RequestItemJson> = {},
    host = hostWallet,
  ): Promise<RequestItemJson> => ({
    ...{ originalSender: alice, proof: 'brc94', message: nameOf(), forwardId: newForwardId() },
    ...{ signedMessage: base64(request.payload), senderSignature: request.signatureHex },
    ...{ nonce: request.nonce, yourNonce: request.sessionNonce, linkage: host.linkageName(alice) },
    revelation: await revelationOf(b.identityKey, host),
    ...fields,
  })
  const named = ({ revelation, ...item }: RequestItemJson): object => {
    expect(revelation).to.be.an('object')
    return item
  }

  it('takes a request once, under whatever forward id, also after the acknowledgement', async () => {
    const item = await requestItem(requestOf())
    expect((await fromA.post('/propagateMessage', item)).json).to.include({ status: 'success' })
    expect((await fromA.post('/propagateMessage', item)).json).to.include(duplicate)
    expect((await fromA.post('/propagateMessage', { ...item, forwardId: newForwardId() })).json).to.include(duplicate)
    await federation.caller(bobWallet, b).post('/acknowledgeMessage', { messageIds: ['m1'] })
    expect((await fromA.post('/propagateMessage', { ...item, forwardId: newForwardId() })).json).to.include(duplicate)
    expect(await listed()).to.deep.equal([])
  })

  it('knows a linkage by its name once it was revealed, and asks for one that it does not know', async () => {
    const first = await requestItem(requestOf('a'))
    const second = await requestItem(requestOf('b', 'm2'), { message: nameOf('m2') })
    expect(await propagate(named(first))).to.deep.equal({ status: 409, code: 'ERR_LINKAGE_UNKNOWN' })
    expect(await listed()).to.deep.equal([])
    expect(await propagate(first)).to.deep.equal(taken)
    expect(await propagate(named(second))).to.deep.equal(taken)
    expect(await listed()).to.have.length(2)
  })

  const forged: [name: string, change: () => Promise<object> | object][] = [
    [
      'another recipient',
      async () => requestItem(requestOf(), { message: { ...nameOf(), recipient: carolWallet.identityKey } }),
    ],
    ['another box', async () => requestItem(requestOf(), { message: { ...nameOf(), messageBox: 'other' } })],
    ['another id', async () => requestItem(requestOf(), { message: nameOf('m2') })],
    ['another body', async () => requestItem({ ...requestOf(), payload: requestOf('other').payload })],
    ['another path', async () => requestItem(signedSend(aliceWallet, hostA, sendOf(), { path: '/listMessages' }))],
    ['another method', async () => requestItem(signedSend(aliceWallet, hostA, sendOf(), { method: 'PUT' }))],
    ['a query', async () => requestItem(signedSend(aliceWallet, hostA, sendOf(), { search: '?a=1' }))],
    ["another sender's request", async () => requestItem(signedSend(carolWallet, hostA, sendOf()))],
    ["another sender's name", async () => requestItem(requestOf(), { originalSender: carolWallet.identityKey })],
    [
      "another sender's linkage",
      async () =>
        requestItem(requestOf(), {
          revelation: await revelationOf(b.identityKey, hostWallet, carolWallet.identityKey),
        }),
    ],
    [
      "another host's request and linkage",
      async () => requestItem(signedSend(aliceWallet, thirdHostWallet.identityKey, sendOf()), {}, thirdHostWallet),
    ],
    ["another host's linkage", async () => requestItem(requestOf(), {}, thirdHostWallet)],
    [
      'a linkage revealed to another host',
      async () => requestItem(requestOf(), { revelation: await revelationOf(thirdHostWallet.identityKey) }),
    ],
    [
      'a linkage that is no ciphertext',
      async () =>
        requestItem(requestOf(), {
          revelation: { ...(await revelationOf(b.identityKey)), encryptedLinkage: base64(new Uint8Array(81)) },
        }),
    ],
    ['the name of another linkage', async () => requestItem(requestOf(), { linkage: 'ab'.repeat(32) })],
    ['another signature', async () => requestItem({ ...requestOf(), signatureHex: requestOf().signatureHex })],
    ['another nonce', async () => requestItem({ ...requestOf(), nonce: 'AAAA' })],
    [
      'a bare keyLinkage',
      async () => ({ ...(await requestItem(requestOf())), proof: undefined, keyLinkage: 'ab'.repeat(32) }),
    ],
    ["a host's word without the sender's token", () => vouchedItem()],
  ]
  for (const [name, change] of forged) {
    it(`refuses ${name}, and stores nothing`, async () => {
      expect(await propagate(await change())).to.deep.equal(unproven)
      expect(await listed()).to.deep.equal([])
    })
  }

  it("takes a host's word while it holds the sender's own unspent token", async () => {
    expect(await propagate(vouchedItem())).to.deep.equal(unproven)
    const other = await federation.overlay.show(carolWallet, hostWallet, 'http://127.0.0.1:1')
    expect(await propagate(vouchedItem()), "another sender's token").to.deep.equal(unproven)
    await federation.overlay.show(aliceWallet, thirdHostWallet, 'http://127.0.0.1:2')
    expect(await propagate(vouchedItem()), 'a token of another host').to.deep.equal(unproven)
    const spend = await federation.overlay.show(aliceWallet, hostWallet, 'http://127.0.0.1:1')
    expect(await propagate(vouchedItem({ a: 1 }))).to.deep.equal(taken)
    expect(await propagate(vouchedItem(), federation.caller(carolWallet, b)), 'another caller').to.deep.equal(unproven)
    await spend()
    await other()
    expect(await propagate(vouchedItem('again', 'm2')), 'spent').to.deep.equal(unproven)
    const [message, ...more] = await listed()
    expect(message).to.include({ body: '{"message":{"a":1}}', proof: 'host', originHost: hostA, sender: alice })
    expect(more).to.deep.equal([])
  })

  it('takes the word of a host for itself, and for nobody when the tokens cannot be looked up', async () => {
    federation.overlay.failsWith = 500
    expect(await propagate(vouchedItem())).to.deep.equal({ status: 503, code: 'ERR_UNAVAILABLE' })
    expect(await propagate({ ...vouchedItem(), originalSender: hostA })).to.deep.equal(taken)
    expect(await listed()).to.have.length(1)
  })

  it('refuses 50 forgeries of each kind with every proof, and stores nothing', async () => {
    const random = new SeededRandom(34)
    const request = requestOf('genuine')
    const item = await requestItem(request)
    const shared = otherHostWallet.openLinkage(await hostWallet.revealLinkage(alice, b.identityKey))
    const requestSignature = {
      signatureHex: request.signatureHex,
      digest: sha256(request.payload),
      linkage: hmac(shared!, `2-auth message signature-${request.nonce} ${request.sessionNonce}`),
    }
    const signedAtMs = Date.now()
    const envelope = await signEnvelope(aliceWallet, envelopedOf('genuine'), signedAtMs)
    const envelopeSignature = {
      signatureHex: envelope.signatureHex,
      digest: sha256(envelopeText(envelopedOf('genuine'), signedAtMs, sdkHasher)),
      linkage: hmac(Buffer.from(alice, 'hex'), '1-phip message envelope-1'),
    }
    for (let index = 0; index < 50; index += 1) {
      const body = `forged ${index} ${Buffer.from(random.bytes(random.below(200))).toString('hex')}`
      const { payload } = signedSend(carolWallet, hostA, sendOf(body))
      const signedText = envelopeText(envelopedOf(body), signedAtMs, sdkHasher)
      const attempts = [
        {
          text: payload,
          forgeries: [
            forgeryFromSignature(requestSignature, sha256(payload)),
            forgeryFromKey(alice, sha256(payload), random),
          ],
        },
        {
          text: signedText,
          forgeries: [
            forgeryFromSignature(envelopeSignature, sha256(signedText)),
            forgeryFromKey(alice, sha256(signedText), random),
          ],
        },
      ]
      for (const { text, forgeries } of attempts) {
        for (const forgery of forgeries) {
          expect(isTakenByBareCheck(alice, sha256(text), forgery)).to.equal(true)
          const { signatureHex: senderSignature, keyLinkage } = forgery
          const named = { keyLinkage, senderSignature, forwardId: newForwardId() }
          const items = [
            { originalSender: alice, keyLinkage, signedMessage: base64(text), senderSignature },
            { ...item, ...named, signedMessage: base64(payload) },
            {
              ...item,
              ...named,
              signedMessage: base64(payload),
              linkage: keyLinkage,
              revelation: { ...item.revelation, encryptedLinkage: base64(Buffer.from(keyLinkage, 'hex')) },
            },
            { ...vouchedItem(body), ...named },
            {
              ...vouchedItem(body),
              ...named,
              proof: 'envelope',
              signedMessage: { ...nameOf(), body },
              timestamp: signedAtMs,
            },
          ]
          const { json } = await fromA.post('/propagateMessages', { messages: items })
          const codes = (json['results'] as { code: string }[]).map(({ code }) => code)
          expect(codes).to.deep.equal(items.map(() => unproven.code))
        }
      }
    }
    expect(await listed()).to.deep.equal([])
  })

  describe('envelopes, in the hands of a host that is not honest', () => {
    it('are refused with another body, recipient, box, id or time', async () => {
      await federation.settle(carolWallet, b, otherHostWallet)
      const item = await envelopeItem()
      const changed = (fields: object) => ({ ...item, signedMessage: { ...item.signedMessage, ...fields } })
      const items = [
        ...[
          changed({ body: 'other' }),
          changed({ recipient: carolWallet.identityKey }),
          changed({ messageBox: 'other' }),
        ],
        ...[changed({ messageId: 'm2' }), { ...item, timestamp: item.timestamp + 1 }],
      ]
      for (const one of items) expect(await propagate(one)).to.deep.equal(unproven)
      expect(await listed()).to.deep.equal([])
      expect(await federation.listed(carolWallet, b)).to.deep.equal([])
    })

    it('are good once, through whichever host, also after the acknowledgement', async () => {
      const item = await envelopeItem()
      const third = federation.caller(thirdHostWallet, b)
      expect(await propagate(item)).to.deep.equal(taken)
      expect((await third.post('/propagateMessage', { ...item, forwardId: newForwardId() })).json).to.include(duplicate)
      await federation.caller(bobWallet, b).post('/acknowledgeMessage', { messageIds: ['m1'] })
      expect((await third.post('/propagateMessage', { ...item, forwardId: newForwardId() })).json).to.include(duplicate)
      expect(await listed()).to.deep.equal([])
    })
  })

  describe('demanded', () => {
    const policy = (body: object) => federation.caller(bobWallet, b).post('/proofPolicy', body)
    const all = async (body: string) => {
      await federation.overlay.show(aliceWallet, hostWallet, 'http://127.0.0.1:1')
      return [
        await envelopeItem(body, 'e'),
        await requestItem(requestOf(body, 'r'), { message: nameOf('r') }),
        vouchedItem(body, 'v'),
      ]
    }
    const statuses = async (body: string) => {
      const { json } = await fromA.post('/propagateMessages', { messages: await all(body) })
      return (json['results'] as { code?: string }[]).map(({ code = 'taken' }) =>
        code === unproven.code ? 'refused' : code,
      )
    }

    const demands: [minimum: string, plaintextOnly: boolean, ofPlaintext: string[], ofCiphertext: string[]][] = [
      ['host', false, ['taken', 'taken', 'taken'], ['taken', 'taken', 'taken']],
      ['brc94', false, ['taken', 'taken', 'refused'], ['taken', 'taken', 'refused']],
      ['brc94', true, ['taken', 'taken', 'refused'], ['taken', 'taken', 'taken']],
      ['envelope', false, ['taken', 'refused', 'refused'], ['taken', 'refused', 'refused']],
      ['envelope', true, ['taken', 'refused', 'refused'], ['taken', 'taken', 'taken']],
    ]
    for (const [minimum, plaintextOnly, ofPlaintext, ofCiphertext] of demands) {
      const name = `${minimum}${plaintextOnly ? ' of plaintext' : ''}`
      it(`by a user, in one box: ${name}`, async () => {
        const standing = { status: 'success', messageBox: 'inbox', minimum, plaintextOnly }
        const { json } = await policy({ messageBox: 'inbox', minimum, plaintextOnly })
        expect(json).to.deep.equal(standing)
        expect((await policy({ messageBox: 'inbox' })).json).to.deep.equal(standing)
        expect((await policy({ messageBox: 'other' })).json).to.include({ minimum: 'host', plaintextOnly: false })
        expect(await statuses('hello')).to.deep.equal(ofPlaintext)
        await federation.caller(bobWallet, b).post('/acknowledgeMessage', { messageIds: ['e', 'r', 'v'] })
        expect(await statuses(ciphertext)).to.deep.equal(ofCiphertext)
      })

      it(`by a host: ${name}`, async () => {
        const proofs = plaintextOnly ? { minimumPlaintext: minimum as 'host' } : { minimum: minimum as 'host' }
        b = await federation.host('66', { proofs })
        fromA = federation.caller(hostWallet, b)
        await federation.settle(bobWallet, b, thirdHostWallet)
        expect(await statuses('hello')).to.deep.equal(ofPlaintext)
        await federation.caller(bobWallet, b).post('/acknowledgeMessage', { messageIds: ['e', 'r', 'v'] })
        expect(await statuses(ciphertext)).to.deep.equal(ofCiphertext)
        const document = (await (await fetch(`${b.url}/.well-known/relay-host`)).json()) as Record<string, unknown>
        const kinds = ['envelope', 'brc94', 'host']
        const accepted = plaintextOnly ? kinds : kinds.slice(0, kinds.indexOf(minimum) + 1)
        expect(document['proofs']).to.deep.equal(accepted)
        expect(document['minimumPlaintextProof']).to.equal(plaintextOnly ? minimum : undefined)
      })
    }

    it('says what is wanted, and can be taken back', async () => {
      await policy({ messageBox: 'inbox', minimum: 'envelope' })
      const { json } = await fromA.post('/propagateMessage', await requestItem(requestOf()))
      expect(json['description']).to.include('envelope')
      await policy({ messageBox: 'inbox', minimum: 'host' })
      expect(await propagate(await requestItem(requestOf()))).to.deep.equal(taken)
    })

    it('only by users of this host, in so many boxes', async () => {
      const stranger = federation.caller(carolWallet, b)
      expect(outcome(await stranger.post('/proofPolicy', { messageBox: 'inbox', minimum: 'envelope' }))).to.deep.equal({
        ...{ status: 404, code: 'ERR_NOT_AUTHORIZED' },
      })
      for (let box = 0; box < 100; box += 1) await policy({ messageBox: `box ${box}`, minimum: 'envelope' })
      expect(outcome(await policy({ messageBox: 'one more', minimum: 'envelope' }))).to.deep.equal({
        ...{ status: 429, code: 'ERR_QUOTA_EXCEEDED' },
      })
    })
  })
})
