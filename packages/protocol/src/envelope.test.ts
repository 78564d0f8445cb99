import { expect } from 'chai'
import {
  envelopeFromJson,
  envelopeHash,
  envelopeText,
  envelopeToJson,
  signEnvelope,
  timeRefusal,
  verifyEnvelope,
  type EnvelopeMessage,
} from './envelope.ts'
import { bytesToHex } from './hex.ts'
import { envelopeKey } from './names.ts'
import type { BoxName, IdentityKey, MessageId } from './scalars.ts'
import { sdkSignatureVerifier } from './sdk-verifier.ts'
import { specJson } from './testing/spec-vectors.ts'
import { host, sender, stranger, user } from './testing/vectors.ts'

const verifier = sdkSignatureVerifier()
const nowMs = 1_700_000_000_000
const message: EnvelopeMessage = {
  sender: sender.key,
  recipient: user.key,
  box: 'inbox' as BoxName,
  messageId: 'm1' as MessageId,
  body: 'hello',
}

type Vector = EnvelopeMessage & { signed: string; signingKey: string; hash: string; envelope: { timestamp: number } }

describe("the sender's envelope", () => {
  for (const name of ['plain', 'encrypted, other scripts, an id of two lines']) {
    it(`is made and verified as in docs/specs/envelope.md: ${name}`, async () => {
      const vector = specJson('envelope.md', name) as Vector
      const text = envelopeText(vector, vector.envelope.timestamp, verifier)
      expect(new TextDecoder().decode(text)).to.equal(vector.signed)
      expect(envelopeHash(vector, vector.envelope.timestamp, verifier)).to.equal(vector.hash)
      expect(bytesToHex(verifier.publicKey(vector.sender, envelopeKey)!)).to.equal(vector.signingKey)
      const made = await signEnvelope(sender.wallet, vector, vector.envelope.timestamp)
      expect(envelopeToJson(made)).to.deep.equal(vector.envelope)
      expect(verifyEnvelope(vector, envelopeFromJson(vector.envelope)!, verifier)).to.equal(vector.hash)
    })
  }

  const changes: [string, Partial<EnvelopeMessage>][] = [
    ['another sender', { sender: stranger.key }],
    ['another recipient', { recipient: host.key }],
    ['another box', { box: 'inbox2' as BoxName }],
    ['another id', { messageId: 'm2' as MessageId }],
    ['another body', { body: 'hello ' }],
    ['a sender that is no point', { sender: `02${'00'.repeat(31)}05` as IdentityKey }],
  ]
  for (const [name, change] of changes) {
    it(`does not verify for ${name}`, async () => {
      const envelope = await signEnvelope(sender.wallet, message, nowMs)
      expect(verifyEnvelope(message, envelope, verifier)).to.be.a('string')
      expect(verifyEnvelope({ ...message, ...change }, envelope, verifier)).to.equal(null)
    })
  }

  it('does not verify at another time, or with another signature', async () => {
    const envelope = await signEnvelope(sender.wallet, message, nowMs)
    expect(verifyEnvelope(message, { ...envelope, timestampMs: nowMs + 1 }, verifier)).to.equal(null)
    for (const signatureHex of ['', 'zz', '00', envelope.signatureHex.slice(2), `${envelope.signatureHex}00`]) {
      expect(verifyEnvelope(message, { ...envelope, signatureHex }, verifier), signatureHex).to.equal(null)
    }
  })

  const broken: [string, unknown][] = [
    ['nothing', undefined],
    ['text', 'envelope'],
    ['no time', { signature: '3006020101020101' }],
    ['a time as text', { timestamp: '1', signature: '3006020101020101' }],
    ['a time before 1970', { timestamp: -1, signature: '3006020101020101' }],
    ['a time with a fraction', { timestamp: 1.5, signature: '3006020101020101' }],
    ['no signature', { timestamp: 1 }],
    ['a signature as bytes', { timestamp: 1, signature: [48, 6, 2, 1, 1, 2, 1, 1] }],
    ['a signature that is not hexadecimal', { timestamp: 1, signature: 'zz06020101020101' }],
    ['half a byte', { timestamp: 1, signature: '30060201010201011' }],
    ['a signature too long', { timestamp: 1, signature: '30'.repeat(73) }],
  ]
  for (const [name, json] of broken) {
    it(`is not read from ${name}`, () => expect(envelopeFromJson(json)).to.equal(null))
  }

  const ages: [string, number, string | null][] = [
    ['now', 0, null],
    ['10 minutes ahead', 600_000, null],
    ['more than 10 minutes ahead', 600_001, 'ERR_TOO_EARLY'],
    ['just under 7 days ago', -7 * 86_400_000 + 1, null],
    ['7 days ago', -7 * 86_400_000, 'ERR_TOO_OLD'],
  ]
  for (const [name, fromNowMs, refusal] of ages) {
    it(`is ${refusal === null ? 'taken' : `refused by ${refusal}`} when made ${name}`, () =>
      expect(timeRefusal(nowMs + fromNowMs, nowMs)).to.equal(refusal))
  }
  it('is remembered for as long as the host says', () => {
    expect(timeRefusal(nowMs - 2 * 86_400_000, nowMs, 2)).to.equal('ERR_TOO_OLD')
    expect(timeRefusal(nowMs - 8 * 86_400_000, nowMs, 9)).to.equal(null)
  })
})
