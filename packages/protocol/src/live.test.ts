import { expect } from 'chai'
import { parseFollow, parseLiveSend, parseRoomId } from './live.ts'
import { parseSignedSend } from './signed-send.ts'
import { refusal } from './testing/refusal.ts'
import { specJson } from './testing/spec-vectors.ts'

const bob = '023c72addb4fdf09af94f0c94d7fe92a386a7e70cf8a1d85916386bb2535c7b1b1'
const alice = '034f355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b704075871aa'
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('live connections on the wire', () => {
  it('name boxes as docs/specs/live.md has it', () => {
    const vectors = specJson('live.md', 'rooms') as { roomId: string; owner: string | null; box: string | null }[]
    for (const { roomId, owner, box } of vectors) {
      expect(parseRoomId(roomId), roomId).to.deep.equal(owner === null ? null : { owner, box })
    }
    expect(parseRoomId(7)).to.equal(null)
  })

  it('carry sends that another host reads out of what was signed, as docs/specs/live.md has it', () => {
    const { payload, ...message } = specJson('live.md', 'a live send') as Record<string, string> & { payload: string }
    const { recipient, box, messageId, body } = message
    expect(parseSignedSend(bytes(payload))).to.deep.equal({
      ...{ recipients: [{ recipient, messageId, envelope: null }], box, body },
    })
  })

  const send = (fields: object = {}, roomId: unknown = `${bob}-inbox`) => ({
    roomId,
    message: { messageId: 'm1', recipient: bob, body: 'hello', ...fields },
  })
  const badSends: [name: string, code: string, data: unknown][] = [
    ['nothing', 'ERR_MESSAGE_REQUIRED', null],
    ['no message', 'ERR_MESSAGE_REQUIRED', { roomId: `${bob}-inbox` }],
    ['no room', 'ERR_INVALID_MESSAGEBOX', { message: {} }],
    ['another recipient', 'ERR_INVALID_RECIPIENT_KEY', send({ recipient: alice })],
    ['a second recipient', 'ERR_MESSAGEID_COUNT_MISMATCH', send({ recipient: [bob, alice] })],
    ['a blank body', 'ERR_INVALID_MESSAGE_BODY', send({ body: ' ' })],
    [
      'a body that is nested too deep',
      'ERR_INVALID_JSON',
      send({ body: JSON.parse('['.repeat(99) + ']'.repeat(99)) as object }),
    ],
  ]
  for (const [name, code, data] of badSends) {
    it(`refuse a send with ${name}, also when another host shows it`, () => {
      expect(refusal(() => parseLiveSend(data, () => true))).to.equal(code)
      expect(parseSignedSend(bytes(JSON.stringify({ eventName: 'sendMessage', data })))).to.equal(null)
    })
  }

  it('take the room for box and recipient, whatever the message says beside it', () => {
    const sent = parseLiveSend(send({ recipient: undefined, messageBox: 'other', recipients: [alice] }), () => true)
    expect(sent.box).to.equal('inbox')
    expect(sent.recipients.map(({ recipient }) => recipient)).to.deep.equal([bob])
  })

  it('are shown for sends only', () => {
    const data = send()
    expect(parseSignedSend(bytes(JSON.stringify({ eventName: 'sendMessage', data })))).to.not.equal(null)
    for (const payload of [{ eventName: 'joinRoom', data }, { data }, [], 'x']) {
      expect(parseSignedSend(bytes(JSON.stringify(payload)))).to.equal(null)
    }
  })

  const follows: [data: unknown, code: string | null][] = [
    [{ messageBox: 'inbox' }, null],
    [{ messageBox: 'inbox', from: 'now' }, null],
    [{ messageBox: 'inbox', cursor: 'a.1' }, null],
    [{}, 'ERR_MESSAGEBOX_REQUIRED'],
    [{ messageBox: 7 }, 'ERR_INVALID_MESSAGEBOX'],
    [{ messageBox: 'inbox', cursor: 7 }, 'ERR_INVALID_CURSOR'],
    [{ messageBox: 'inbox', cursor: 'c'.repeat(201) }, 'ERR_INVALID_CURSOR'],
    [{ messageBox: 'inbox', from: 'then' }, 'ERR_INVALID_PARAMETERS'],
    [{ messageBox: 'inbox', from: 'now', cursor: 'a.1' }, 'ERR_INVALID_PARAMETERS'],
  ]
  for (const [data, code] of follows) {
    it(`${code === null ? 'take' : 'refuse'} to follow ${JSON.stringify(data).slice(0, 60)}`, () => {
      if (code === null) expect(parseFollow(data)).to.have.property('box', 'inbox')
      else expect(refusal(() => parseFollow(data))).to.equal(code)
    })
  }
})
