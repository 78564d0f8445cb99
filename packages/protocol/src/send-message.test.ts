import { expect } from 'chai'
import { maxRecipients, parseSendMessage, sendMessageAnswerSchema } from './send-message.ts'
import { refusal } from './testing/refusal.ts'
import { host, sender, stranger, user } from './testing/vectors.ts'

const envelope = { timestamp: 1_700_000_000_000, signature: '3006020101020101' }
const parsedEnvelope = { timestampMs: 1_700_000_000_000, signatureHex: '3006020101020101' }
const message = { recipient: user.key, messageBox: 'inbox', messageId: 'm1', body: 'hello' }
const two = { ...message, recipient: undefined, recipients: [user.key, host.key], messageId: ['m1', 'm2'] }

const parse = (changes: object, base: object = message) =>
  parseSendMessage({ message: { ...base, ...changes } }, (key) => key !== stranger.key)

describe('parseSendMessage', () => {
  const one = { recipient: user.key, messageId: 'm1', envelope: null }
  const taken: [string, object, object, object?][] = [
    [
      'what the official client sends',
      { skipEncryption: true, checkPermissions: true, host: 'x' },
      { recipients: [one] },
    ],
    ['BRC-33 to the letter', { messageId: undefined }, { recipients: [{ ...one, messageId: null }] }],
    ['an object as body', { body: { a: [1] } }, { body: { a: [1] } }],
    ['a list as body', { body: [1] }, { body: [1] }],
    ['a key in capitals', { recipient: user.key.toUpperCase() }, { recipients: [one] }],
    ['an envelope', { envelope }, { recipients: [{ ...one, envelope: parsedEnvelope }] }],
    ['an envelope in a list of one', { envelope: [envelope] }, { recipients: [{ ...one, envelope: parsedEnvelope }] }],
    ['no envelope as null', { envelope: null }, { recipients: [one] }],
    ['null beside an object', { body: { a: 1 }, envelope: [null] }, { body: { a: 1 }, recipients: [one] }],
    ['a list of one recipient and one id', { recipient: [user.key], messageId: ['m1'] }, { recipients: [one] }],
    ['several recipients', {}, { recipients: [one, { recipient: host.key, messageId: 'm2', envelope: null }] }, two],
    [
      'an envelope for one of several',
      { envelope: [null, envelope] },
      { recipients: [one, { recipient: host.key, messageId: 'm2', envelope: parsedEnvelope }] },
      two,
    ],
    ['a payment, which is not read', { payment: { tx: [] } }, { recipients: [one] }],
    [
      'an id of 256 characters',
      { messageId: 'x'.repeat(256) },
      { recipients: [{ ...one, messageId: 'x'.repeat(256) }] },
    ],
    ['a box with a dash and blanks', { messageBox: 'my-box 2' }, { box: 'my-box 2' }],
  ]
  for (const [name, changes, expected, base] of taken) {
    it(`takes ${name}`, () => {
      expect(parse(changes, base)).to.deep.include({ box: 'inbox', body: 'hello', ...expected })
    })
  }

  const refused: [string, object, string, object?][] = [
    ['no box', { messageBox: undefined }, 'ERR_INVALID_MESSAGEBOX'],
    ['a box of a number', { messageBox: 5 }, 'ERR_INVALID_MESSAGEBOX'],
    ['a blank box', { messageBox: ' \t' }, 'ERR_INVALID_MESSAGEBOX'],
    ['a box of two lines', { messageBox: 'in\nbox' }, 'ERR_INVALID_MESSAGEBOX'],
    ['a box of 129 characters', { messageBox: 'x'.repeat(129) }, 'ERR_INVALID_MESSAGEBOX'],
    ['a box of half a character', { messageBox: '\ud83d' }, 'ERR_INVALID_MESSAGEBOX'],
    ['no body', { body: undefined }, 'ERR_INVALID_MESSAGE_BODY'],
    ['null as body', { body: null }, 'ERR_INVALID_MESSAGE_BODY'],
    ['an empty body', { body: '' }, 'ERR_INVALID_MESSAGE_BODY'],
    ['a blank body', { body: ' \n\t' }, 'ERR_INVALID_MESSAGE_BODY'],
    ['a number as body', { body: 5 }, 'ERR_INVALID_MESSAGE_BODY'],
    ['no recipient', { recipient: undefined }, 'ERR_RECIPIENT_REQUIRED'],
    ['an empty recipient', { recipient: '' }, 'ERR_RECIPIENT_REQUIRED'],
    ['an empty list of recipients', { recipients: [] }, 'ERR_RECIPIENT_REQUIRED', two],
    ['several recipients without ids', { messageId: undefined }, 'ERR_MESSAGEID_REQUIRED', two],
    ['fewer ids than recipients', { messageId: ['m1'] }, 'ERR_MESSAGEID_COUNT_MISMATCH', two],
    ['one id for several', { messageId: 'm1' }, 'ERR_MESSAGEID_COUNT_MISMATCH', two],
    ['several ids for one', { messageId: ['m1', 'm2'] }, 'ERR_MESSAGEID_COUNT_MISMATCH'],
    ['a blank id', { messageId: ' ' }, 'ERR_INVALID_MESSAGEID'],
    ['a number as id', { messageId: 7 }, 'ERR_INVALID_MESSAGEID'],
    ['an object as id', { messageId: {} }, 'ERR_INVALID_MESSAGEID'],
    ['null among ids', { messageId: ['m1', null] }, 'ERR_INVALID_MESSAGEID', two],
    ['an id of 257 characters', { messageId: 'x'.repeat(257) }, 'ERR_INVALID_MESSAGEID'],
    ['an id of half a character', { messageId: 'a\udc23' }, 'ERR_INVALID_MESSAGEID'],
    ['a recipient that is no key', { recipient: 'bob' }, 'ERR_INVALID_RECIPIENT_KEY'],
    ['a number as recipient', { recipient: 5 }, 'ERR_INVALID_RECIPIENT_KEY'],
    ['an uncompressed key', { recipient: `04${'11'.repeat(64)}` }, 'ERR_INVALID_RECIPIENT_KEY'],
    ['a key that is not on the curve', { recipient: stranger.key }, 'ERR_INVALID_RECIPIENT_KEY'],
    ['one bad key among good ones', { recipients: [user.key, 'x'] }, 'ERR_INVALID_RECIPIENT_KEY', two],
    ['an envelope around an object', { body: {}, envelope }, 'ERR_INVALID_ENVELOPE'],
    ['an envelope without an id', { messageId: undefined, envelope }, 'ERR_INVALID_ENVELOPE'],
    ['an envelope of another form', { envelope: { timestamp: 1 } }, 'ERR_INVALID_ENVELOPE'],
    ['an envelope as text', { envelope: 'x' }, 'ERR_INVALID_ENVELOPE'],
    ['one envelope for several', { envelope }, 'ERR_INVALID_ENVELOPE', two],
    ['more envelopes than recipients', { envelope: [envelope, envelope] }, 'ERR_INVALID_ENVELOPE'],
  ]
  for (const [name, changes, code, base] of refused) {
    it(`refuses ${name} with ${code}`, () => expect(refusal(() => parse(changes, base))).to.equal(code))
  }

  for (const json of [null, undefined, 5, 'x', [], {}, { message: null }, { message: 'x' }, { message: [] }]) {
    it(`refuses ${JSON.stringify(json)} with ERR_MESSAGE_REQUIRED`, () =>
      expect(refusal(() => parseSendMessage(json, () => true))).to.equal('ERR_MESSAGE_REQUIRED'))
  }

  it('takes 100 recipients and no more', () => {
    const many = (count: number) => ({
      recipients: Array<string>(count).fill(sender.key),
      messageId: Array.from({ length: count }, (_, index) => `m${index}`),
    })
    expect(parse(many(maxRecipients)).recipients).to.have.length(100)
    expect(refusal(() => parse(many(maxRecipients + 1)))).to.equal('ERR_INVALID_REQUEST')
  })

  const order = [
    ['ERR_INVALID_MESSAGEBOX', { messageBox: 'inbox' }],
    ['ERR_INVALID_MESSAGE_BODY', { body: 'hello' }],
    ['ERR_RECIPIENT_REQUIRED', { recipients: ['x', 'y'] }],
    ['ERR_MESSAGEID_REQUIRED', { messageId: ['m1'] }],
    ['ERR_MESSAGEID_COUNT_MISMATCH', { messageId: ['', ''] }],
    ['ERR_INVALID_MESSAGEID', { messageId: ['m1', 'm2'] }],
    ['ERR_INVALID_RECIPIENT_KEY', { recipients: [user.key, host.key] }],
    ['ERR_INVALID_ENVELOPE', { envelope: [null, null] }],
    [null, {}],
  ] as const
  it('checks in the order of relay-http.md section 3', () => {
    let repaired: object = { envelope: 'x' }
    for (const [code, repair] of order) {
      expect(refusal(() => parse({}, repaired))).to.equal(code)
      repaired = { ...repaired, ...repair }
    }
  })
})

describe('sendMessageAnswerSchema', () => {
  it('reads the answers of ours and of other relays', () => {
    const results = [{ recipient: user.key, messageId: 'm1', duplicate: true }]
    expect(sendMessageAnswerSchema.parse({ status: 'success', results, more: 1 })).to.deep.equal({
      status: 'success',
      results,
    })
    expect(sendMessageAnswerSchema.safeParse({ status: 'error' }).success).to.equal(false)
  })
})
