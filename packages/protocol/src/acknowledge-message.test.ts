import { expect } from 'chai'
import { maxAcknowledgements, parseAcknowledgeMessage } from './acknowledge-message.ts'
import { refusal } from './testing/refusal.ts'
import { sender } from './testing/vectors.ts'

const named = { messageBox: 'inbox', sender: sender.key, messageId: 'm1' }

describe('parseAcknowledgeMessage', () => {
  it('takes listed ids, whole numbers as decimal strings', () => {
    expect(parseAcknowledgeMessage({ messageIds: ['m1', 3301, 0, 'm1~0011aabb'] })).to.deep.equal({
      kind: 'listed',
      listedIds: ['m1', '3301', '0', 'm1~0011aabb'],
    })
  })
  it('takes identities', () => {
    expect(parseAcknowledgeMessage({ messages: [named], messageIds: null })).to.deep.equal({
      kind: 'named',
      messages: [{ box: 'inbox', sender: sender.key, messageId: 'm1' }],
      acknowledgement: null,
    })
  })

  const refused: [string, unknown, string][] = [
    ['nothing', null, 'ERR_MESSAGE_ID_REQUIRED'],
    ['no ids', {}, 'ERR_MESSAGE_ID_REQUIRED'],
    ['an empty list', { messageIds: [] }, 'ERR_MESSAGE_ID_REQUIRED'],
    ['an empty list of identities', { messages: [] }, 'ERR_MESSAGE_ID_REQUIRED'],
    ['a string for a list', { messageIds: 'm1' }, 'ERR_INVALID_MESSAGE_ID'],
    ['an object for a list', { messages: named }, 'ERR_INVALID_MESSAGE_ID'],
    ['an object among ids', { messageIds: ['m1', {}] }, 'ERR_INVALID_MESSAGE_ID'],
    ['null among ids', { messageIds: [null] }, 'ERR_INVALID_MESSAGE_ID'],
    ['an empty id', { messageIds: [''] }, 'ERR_INVALID_MESSAGE_ID'],
    ['a fraction', { messageIds: [1.5] }, 'ERR_INVALID_MESSAGE_ID'],
    ['a negative number', { messageIds: [-1] }, 'ERR_INVALID_MESSAGE_ID'],
    ['an id that nothing has', { messageIds: ['x'.repeat(513)] }, 'ERR_INVALID_MESSAGE_ID'],
    ['both kinds', { messageIds: ['m1'], messages: [named] }, 'ERR_INVALID_REQUEST'],
    ['an identity without a sender', { messages: [{ ...named, sender: undefined }] }, 'ERR_INVALID_REQUEST'],
    ['an identity without a box', { messages: [{ ...named, messageBox: '' }] }, 'ERR_INVALID_REQUEST'],
    ['too many', { messageIds: Array(maxAcknowledgements + 1).fill('m') }, 'ERR_INVALID_REQUEST'],
  ]
  for (const [name, json, code] of refused) {
    it(`refuses ${name} with ${code}`, () => expect(refusal(() => parseAcknowledgeMessage(json))).to.equal(code))
  }
})
