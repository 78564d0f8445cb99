import { expect } from 'chai'
import { parseAcknowledgeMessage } from './acknowledge-message.ts'
import { acknowledgementText, signAcknowledgement, verifyAcknowledgement } from './acknowledgement.ts'
import type { BoxName, MessageId } from './scalars.ts'
import { sdkSignatureVerifier } from './sdk-verifier.ts'
import {
  parseSyncAcknowledgements,
  syncAcknowledgementsToJson,
  type SyncAcknowledgementsJson,
} from './sync-acknowledgements.ts'
import { refusal } from './testing/refusal.ts'
import { specJson } from './testing/spec-vectors.ts'
import { host, stranger, user } from './testing/vectors.ts'

const verifier = sdkSignatureVerifier()
const vector = specJson('sync-acknowledgements.md', 'two messages') as {
  request: SyncAcknowledgementsJson
  signed: string
}
const sync = parseSyncAcknowledgements(vector.request)

describe("a user's acknowledgement, for their other hosts", () => {
  it('is made, written and verified as in docs/specs/sync-acknowledgements.md', async () => {
    const { messages, acknowledgement } = sync
    const text = acknowledgementText(user.key, messages, acknowledgement!.timestampMs, verifier)
    expect(new TextDecoder().decode(text)).to.equal(vector.signed)
    const made = await signAcknowledgement(user.wallet, user.key, messages, acknowledgement!.timestampMs)
    expect(syncAcknowledgementsToJson({ ...sync, acknowledgement: made })).to.deep.equal(vector.request)
    expect(verifyAcknowledgement(user.key, messages, acknowledgement!, verifier)).to.equal(true)
  })

  it('is for these messages, in this order, of this user, at this time, and nothing else', () => {
    const { messages, acknowledgement } = sync
    const [first, second] = messages
    const lists = [
      [first!],
      [second!, first!],
      [first!, second!, second!],
      [first!, { ...second!, sender: host.key }],
      [first!, { ...second!, box: 'inbox' as BoxName }],
      [first!, { ...second!, messageId: 'm' as MessageId }],
      // The same bytes, cut in another place.
      [{ ...first!, box: 'inbo' as BoxName, messageId: 'xm1' as MessageId }, second!],
    ]
    for (const list of lists) expect(verifyAcknowledgement(user.key, list, acknowledgement!, verifier)).to.equal(false)
    expect(verifyAcknowledgement(stranger.key, messages, acknowledgement!, verifier)).to.equal(false)
    const later = { ...acknowledgement!, timestampMs: acknowledgement!.timestampMs + 1 }
    expect(verifyAcknowledgement(user.key, messages, later, verifier)).to.equal(false)
    const broken = { ...acknowledgement!, signatureHex: '3006020101020101' }
    expect(verifyAcknowledgement(user.key, messages, broken, verifier)).to.equal(false)
  })

  const { request } = vector
  const bad: [string, unknown][] = [
    ['nothing', null],
    ['no user', { ...request, recipient: undefined }],
    ['no messages', { ...request, messages: [] }],
    ['1001 messages', { ...request, messages: Array.from({ length: 1001 }, () => request.messages[0]) }],
    ['a message without a sender', { ...request, messages: [{ messageBox: 'inbox', messageId: 'm1' }] }],
    ['a signature that is none', { ...request, acknowledgement: { timestamp: 1, signature: 'zz' } }],
    ['a signature without a time', { ...request, acknowledgement: { signature: '3006020101020101' } }],
    ['null as acknowledgement', { ...request, acknowledgement: null }],
  ]
  for (const [name, json] of bad) {
    it(`is not read from ${name}`, () =>
      expect(refusal(() => parseSyncAcknowledgements(json))).to.equal('ERR_INVALID_PARAMETERS'))
  }

  it('comes with /acknowledgeMessage, where messages are named', () => {
    const { messages, acknowledgement } = request
    expect(parseAcknowledgeMessage({ messages, acknowledgement })).to.deep.equal({
      ...{ kind: 'named', messages: sync.messages, acknowledgement: sync.acknowledgement },
    })
    expect(refusal(() => parseAcknowledgeMessage({ messages, acknowledgement: 'signed' }))).to.equal(
      'ERR_INVALID_REQUEST',
    )
    const many = Array.from({ length: 1001 }, () => messages[0])
    expect(refusal(() => parseAcknowledgeMessage({ messages: many, acknowledgement }))).to.equal('ERR_INVALID_REQUEST')
  })
})
