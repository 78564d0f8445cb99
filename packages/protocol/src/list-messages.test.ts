import { expect } from 'chai'
import { listMessagesAnswerSchema, parseListMessages, uniqueListedId } from './list-messages.ts'
import type { BoxName, IdentityKey, MessageId } from './scalars.ts'
import { sdkHasher } from './sdk-verifier.ts'
import { refusal } from './testing/refusal.ts'
import { specJson } from './testing/spec-vectors.ts'
import { sender } from './testing/vectors.ts'

describe('parseListMessages', () => {
  const taken: [string, object, object][] = [
    ['BRC-33', {}, { limit: null, cursor: null, withEnvelopes: false }],
    ['a page', { limit: 50, cursor: 'abc.12' }, { limit: 50, cursor: 'abc.12' }],
    ['the largest page', { limit: 1000, cursor: null }, { limit: 1000, cursor: null }],
    ['envelopes', { envelope: true }, { withEnvelopes: true }],
    ['fields that it does not know', { host: 'x' }, {}],
  ]
  for (const [name, changes, expected] of taken) {
    it(`takes ${name}`, () =>
      expect(parseListMessages({ messageBox: 'inbox', ...changes })).to.deep.include({ box: 'inbox', ...expected }))
  }

  const refused: [unknown, string][] = [
    [null, 'ERR_MESSAGEBOX_REQUIRED'],
    [[], 'ERR_MESSAGEBOX_REQUIRED'],
    [{}, 'ERR_MESSAGEBOX_REQUIRED'],
    [{ messageBox: '' }, 'ERR_MESSAGEBOX_REQUIRED'],
    [{ messageBox: null }, 'ERR_MESSAGEBOX_REQUIRED'],
    [{ messageBox: ' ' }, 'ERR_INVALID_MESSAGEBOX'],
    [{ messageBox: 0 }, 'ERR_INVALID_MESSAGEBOX'],
    [{ messageBox: ['inbox'] }, 'ERR_INVALID_MESSAGEBOX'],
    [{ messageBox: { $ne: '' } }, 'ERR_INVALID_MESSAGEBOX'],
    [{ messageBox: 'inbox', limit: 0 }, 'ERR_INVALID_PARAMETERS'],
    [{ messageBox: 'inbox', limit: 1001 }, 'ERR_INVALID_PARAMETERS'],
    [{ messageBox: 'inbox', limit: 1.5 }, 'ERR_INVALID_PARAMETERS'],
    [{ messageBox: 'inbox', limit: '10' }, 'ERR_INVALID_PARAMETERS'],
    [{ messageBox: 'inbox', cursor: 5 }, 'ERR_INVALID_CURSOR'],
    [{ messageBox: 'inbox', cursor: 'x'.repeat(201) }, 'ERR_INVALID_CURSOR'],
    [{ messageBox: 'inbox', envelope: 1 }, 'ERR_INVALID_PARAMETERS'],
  ]
  for (const [json, code] of refused) {
    it(`refuses ${JSON.stringify(json).slice(0, 60)} with ${code}`, () =>
      expect(refusal(() => parseListMessages(json))).to.equal(code))
  }
})

describe('uniqueListedId', () => {
  it('is as in docs/specs/message-box.md', () => {
    const vector = specJson('message-box.md', 'a listed id made unique') as Record<
      'messageId' | 'box' | 'sender' | 'listed',
      string
    >
    const { messageId, box, sender: from, listed } = vector
    expect(uniqueListedId(messageId as MessageId, box as BoxName, from as IdentityKey, sdkHasher)).to.equal(listed)
  })
})

describe('listMessagesAnswerSchema', () => {
  it('reads a relay of BRC-33 to the letter, whose ids are numbers', () => {
    const answer = { status: 'success', messages: [{ messageId: 3301, body: 'hello', sender: sender.key }] }
    expect(listMessagesAnswerSchema.parse(answer).messages[0]).to.include({ messageId: '3301', body: 'hello' })
  })
})
