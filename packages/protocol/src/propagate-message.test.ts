import { expect } from 'chai'
import { verifyEnvelope } from './envelope.ts'
import { RelayError } from './errors.ts'
import {
  maxBatchMessages,
  parsePropagateMessage,
  parsePropagateMessages,
  propagateMessagesAnswerSchema,
  type PropagateMessageJson,
  type RequestItemJson,
  type VouchedItemJson,
} from './propagate-message.ts'
import { forwardIdTimeMs } from './scalars.ts'
import { sdkHasher, sdkSignatureVerifier } from './sdk-verifier.ts'
import { requestHash } from './sender-proof.ts'
import { refusal } from './testing/refusal.ts'
import { specJson } from './testing/spec-vectors.ts'
import { sender, user } from './testing/vectors.ts'

const item = specJson('propagate.md', 'message') as PropagateMessageJson
const linkage = specJson('propagate.md', 'bare keyLinkage') as object
const signed = (changes: object) => ({ ...item, signedMessage: { ...item.signedMessage, ...changes } })

describe('parsePropagateMessage', () => {
  it('reads the vector of docs/specs/propagate.md, and its envelope verifies', () => {
    const message = parsePropagateMessage({ ...item, keyLinkage: 'ignored', later: 1 })
    expect(message).to.deep.equal({
      sender: sender.key,
      recipient: user.key,
      box: 'inbox',
      messageId: '0'.repeat(64),
      contentType: 'text/plain',
      body: 'hello',
      proof: {
        kind: 'envelope',
        envelope: { timestampMs: item.timestamp, signatureHex: item.senderSignature },
      },
      forwardId: item.forwardId,
    })
    if (message.proof.kind !== 'envelope') expect.fail('another proof')
    expect(verifyEnvelope(message, message.proof.envelope, sdkSignatureVerifier())).to.be.a('string')
    expect(forwardIdTimeMs(message.forwardId)).to.equal(1_700_000_000_000)
  })

  const unproven: [string, object][] = [
    ['a bare keyLinkage', linkage],
    ['a keyLinkage in our form', { ...item, proof: undefined, keyLinkage: 'ab'.repeat(32) }],
    ['a proof that we do not know', { ...item, proof: 'linkage' }],
    ['a proof of another type', { ...item, proof: ['envelope'] }],
    ['nothing at all', {}],
  ]
  for (const [name, json] of unproven) {
    it(`refuses ${name} as unproven`, () =>
      expect(refusal(() => parsePropagateMessage(json))).to.equal('ERR_SENDER_LINKAGE_VERIFICATION_FAILED'))
  }

  const broken: [string, unknown][] = [
    ['null', null],
    ['a list', [item]],
    ['no sender', { ...item, originalSender: undefined }],
    ['a sender that is no key', { ...item, originalSender: 'alice' }],
    ['no message', { ...item, signedMessage: undefined }],
    ['a message as text', { ...item, signedMessage: JSON.stringify(item.signedMessage) }],
    ['no recipient', signed({ recipient: undefined })],
    ['several recipients', signed({ recipient: [user.key] })],
    ['a blank box', signed({ messageBox: ' ' })],
    ['a box of two lines', signed({ messageBox: 'a\nb' })],
    ['a blank id', signed({ messageId: '' })],
    ['a number as id', signed({ messageId: 5 })],
    ['an object as body', signed({ body: {} })],
    ['a blank body', signed({ body: ' ' })],
    ['no time', { ...item, timestamp: undefined }],
    ['a time as text', { ...item, timestamp: '1700000000000' }],
    ['no signature', { ...item, senderSignature: undefined }],
    ['a signature that is not hexadecimal', { ...item, senderSignature: 'x'.repeat(140) }],
    ['no forward id', { ...item, forwardId: undefined }],
    ['a forward id in capitals', { ...item, forwardId: item.forwardId.toUpperCase() }],
    ['a short forward id', { ...item, forwardId: '00' }],
  ]
  for (const [name, json] of broken) {
    it(`refuses ${name} with ERR_INVALID_PARAMETERS`, () =>
      expect(refusal(() => parsePropagateMessage(json))).to.equal('ERR_INVALID_PARAMETERS'))
  }

  it('names the field that is wrong', () => {
    expect(() => parsePropagateMessage(signed({ messageBox: '' }))).to.throw(
      RelayError,
      'signedMessage.messageBox: must not be blank',
    )
  })
})

describe('parsePropagateMessage, of a message with its sender’s request', () => {
  const requested = specJson('propagate.md', 'request') as RequestItemJson
  const opened = specJson('propagate.md', 'request, opened') as { requestHash: string }
  const claiming = (changes: object) => ({ ...requested, message: { ...requested.message, ...changes } })

  it('reads the message out of the request', () => {
    const { proof, ...message } = parsePropagateMessage(requested)
    expect(message).to.deep.equal({
      ...{ sender: sender.key, recipient: user.key, box: 'inbox', messageId: 'm1' },
      ...{ contentType: 'text/plain', body: 'hello', forwardId: requested.forwardId },
    })
    if (proof.kind !== 'brc94') expect.fail('another proof')
    expect(proof.request).to.include({ nonce: requested.nonce, sessionNonce: requested.yourNonce })
    expect(proof.linkage.hash).to.equal(requested.linkage)
    expect(proof.linkage.revelation?.encryptedLinkage).to.have.length(81)
    const hash = requestHash(proof.request.payload, { recipient: user.key, signedId: proof.signedId }, sdkHasher)
    expect(hash).to.equal(opened.requestHash)
  })

  it('needs no revelation', () => {
    const { proof } = parsePropagateMessage({ ...requested, revelation: undefined })
    expect(proof).to.have.nested.property('linkage.revelation', null)
  })

  it('takes a decimal id of the sending host where the sender gave none, and no other', () => {
    const payload = atob(requested.signedMessage)
    const head = payload.slice(0, payload.indexOf('{') - 1)
    const request = JSON.stringify({ message: { recipient: user.key, messageBox: 'inbox', body: { a: 1 } } })
    const unnamed = { ...requested, signedMessage: btoa(head + String.fromCharCode(request.length) + request) }
    const named = (messageId: string) => ({ ...unnamed, message: { ...requested.message, messageId } })
    const message = parsePropagateMessage(named('1700000000000000'))
    expect(message).to.include({ messageId: '1700000000000000', contentType: 'application/json', body: '{"a":1}' })
    expect(message.proof).to.include({ signedId: null })
    for (const id of ['m1', '0', '01', '-1', '1.5', '1'.repeat(21)]) {
      expect(refusal(() => parsePropagateMessage(named(id)))).to.equal('ERR_SENDER_LINKAGE_VERIFICATION_FAILED')
    }
  })

  const refused: [string, string, object][] = [
    ['another recipient', 'ERR_SENDER_LINKAGE_VERIFICATION_FAILED', claiming({ recipient: sender.key })],
    ['another box', 'ERR_SENDER_LINKAGE_VERIFICATION_FAILED', claiming({ messageBox: 'other' })],
    ['another id', 'ERR_SENDER_LINKAGE_VERIFICATION_FAILED', claiming({ messageId: 'm3' })],
    ['the id of another recipient', 'ERR_SENDER_LINKAGE_VERIFICATION_FAILED', claiming({ messageId: 'm2' })],
    ['no request', 'ERR_SENDER_LINKAGE_VERIFICATION_FAILED', { ...requested, signedMessage: btoa('hello') }],
    ['an empty request', 'ERR_SENDER_LINKAGE_VERIFICATION_FAILED', { ...requested, signedMessage: '' }],
    ['a request that is no base64', 'ERR_INVALID_PARAMETERS', { ...requested, signedMessage: '~' }],
    ['a request that is JSON', 'ERR_INVALID_PARAMETERS', { ...requested, signedMessage: item.signedMessage }],
    ['no message', 'ERR_INVALID_PARAMETERS', { ...requested, message: undefined }],
    ['no nonce', 'ERR_INVALID_PARAMETERS', { ...requested, nonce: '' }],
    ['a long nonce', 'ERR_INVALID_PARAMETERS', { ...requested, yourNonce: 'A'.repeat(201) }],
    ['no linkage', 'ERR_INVALID_PARAMETERS', { ...requested, linkage: undefined }],
    ['a linkage in capitals', 'ERR_INVALID_PARAMETERS', { ...requested, linkage: requested.linkage.toUpperCase() }],
    [
      'a revelation without a prover',
      'ERR_INVALID_PARAMETERS',
      { ...requested, revelation: { ...requested.revelation, prover: 1 } },
    ],
    ['no signature', 'ERR_INVALID_PARAMETERS', { ...requested, senderSignature: undefined }],
  ]
  for (const [name, code, json] of refused) {
    it(`refuses ${name} with ${code}`, () => expect(refusal(() => parsePropagateMessage(json))).to.equal(code))
  }
})

describe('parsePropagateMessage, of a message that a host vouches for', () => {
  const vouched = specJson('propagate.md', 'vouched') as VouchedItemJson
  it('reads it', () => {
    expect(parsePropagateMessage(vouched)).to.deep.include({
      ...{ sender: sender.key, messageId: 'm1', contentType: 'application/json', body: '{"kind":"note"}' },
      proof: { kind: 'host' },
    })
  })
  for (const body of [undefined, null, 1, '', ' ']) {
    it(`refuses a body of ${JSON.stringify(body)}`, () =>
      expect(refusal(() => parsePropagateMessage({ ...vouched, message: { ...vouched.message, body } }))).to.equal(
        'ERR_INVALID_PARAMETERS',
      ))
  }
})

describe('parsePropagateMessages', () => {
  it('reads each item for itself, in order', () => {
    const [first, second, third] = parsePropagateMessages({ messages: [linkage, item, null] })
    expect(first).to.include({ code: 'ERR_SENDER_LINKAGE_VERIFICATION_FAILED' })
    expect(second).to.include({ body: 'hello' })
    expect(third).to.include({ code: 'ERR_INVALID_PARAMETERS' })
  })
  it('takes 100 and no more', () => {
    expect(parsePropagateMessages({ messages: Array(maxBatchMessages).fill(item) })).to.have.length(100)
    const tooMany = { messages: Array(maxBatchMessages + 1).fill(item) }
    expect(refusal(() => parsePropagateMessages(tooMany))).to.equal('ERR_INVALID_PARAMETERS')
  })
  for (const json of [null, [], {}, { messages: [] }, { messages: {} }, item]) {
    it(`refuses ${JSON.stringify(json).slice(0, 40)}`, () =>
      expect(refusal(() => parsePropagateMessages(json))).to.equal('ERR_INVALID_PARAMETERS'))
  }
  it('is answered with a result for each', () => {
    const results = [
      { status: 'success' },
      { status: 'success', duplicate: true },
      { status: 'error', code: 'ERR_NEW', description: '' },
    ]
    expect(propagateMessagesAnswerSchema.parse({ status: 'success', results })).to.deep.equal({
      status: 'success',
      results,
    })
    expect(propagateMessagesAnswerSchema.safeParse({ status: 'success', results: [{}] }).success).to.equal(false)
  })
})
