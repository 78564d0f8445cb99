import { expect } from 'chai'
import { verifyEnvelope } from './envelope.ts'
import { RelayError } from './errors.ts'
import {
  maxBatchMessages,
  parsePropagateMessage,
  parsePropagateMessages,
  propagateMessagesAnswerSchema,
  type PropagateMessageJson,
} from './propagate-message.ts'
import { forwardIdTimeMs } from './scalars.ts'
import { sdkSignatureVerifier } from './sdk-verifier.ts'
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
