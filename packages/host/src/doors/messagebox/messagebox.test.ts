import {
  envelopeToJson,
  errorTable,
  signEnvelope,
  type BoxName,
  type ErrorCode,
  type MessageId,
} from '@overpost/protocol'
import { expect } from 'chai'
import type { Host } from '../../host.ts'
import {
  aliceWallet,
  bobWallet,
  callerFixture,
  hostFixture,
  walletFixture,
  type TestCaller,
} from '../../testing/host-fixture.ts'

const bobKey = bobWallet.identityKey
/** Of the right form, and not on the curve. */
const noPoint = `02${'0'.repeat(62)}05`

describe('the BRC-33 door', () => {
  let host: Host
  let alice: TestCaller
  let bob: TestCaller

  beforeEach(async () => {
    host = await hostFixture({ limits: { listMessages: 5 } })
    alice = callerFixture(aliceWallet, host.url)
    bob = callerFixture(bobWallet, host.url)
  })
  afterEach(async () => {
    alice[Symbol.dispose]()
    bob[Symbol.dispose]()
    await host[Symbol.asyncDispose]()
  })

  const send = (fields: Record<string, unknown> = {}) =>
    alice.post('/sendMessage', {
      message: { recipient: bobKey, messageBox: 'inbox', messageId: 'm1', body: 'hello', ...fields },
    })
  const listed = async (box = 'inbox', fields: Record<string, unknown> = {}) => {
    const { json } = await bob.post('/listMessages', { messageBox: box, ...fields })
    return json as { messages: Record<string, unknown>[]; more: boolean; cursor: string; restarted?: boolean }
  }

  it('keeps a message until its recipient acknowledges it, in the shapes that clients know', async () => {
    const sent = await send({ skipEncryption: true, checkPermissions: false })
    expect(sent.status).to.equal(200)
    expect(sent.json).to.containSubset({ status: 'success', results: [{ recipient: bobKey, messageId: 'm1' }] })
    const { messages, more } = await listed()
    expect(more).to.equal(false)
    expect(messages).to.have.length(1)
    const { createdAt, timestamp, ...rest } = messages[0]!
    expect(new Date(createdAt as string).getTime()).to.equal(timestamp)
    expect(rest).to.deep.equal({
      messageId: 'm1',
      body: '{"message":"hello"}',
      sender: alice.identityKey,
      box: 'inbox',
      updatedAt: createdAt,
      created_at: createdAt,
      updated_at: createdAt,
      proof: 'local',
    })
    expect(await bob.post('/acknowledgeMessage', { messageIds: ['m1'] })).to.deep.equal({
      status: 200,
      json: { status: 'success', acknowledged: 1 },
    })
    expect((await listed()).messages).to.deep.equal([])
    expect((await bob.post('/acknowledgeMessage', { messageIds: ['m1'] })).json['code']).to.equal(
      'ERR_INVALID_ACKNOWLEDGMENT',
    )
  })

  it('keeps all first mail to a new box, from eight senders at once', async () => {
    const senders = Array.from({ length: 8 }, (_, index) => callerFixture(walletFixture(`5${index}`), host.url))
    const answers = await Promise.all(
      senders.map((sender) =>
        sender.post('/sendMessage', {
          message: { recipient: bobKey, messageBox: 'a new box', messageId: 'm1', body: 'hello' },
        }),
      ),
    )
    expect(answers.map(({ status }) => status)).to.deep.equal(senders.map(() => 200))
    const first = await listed('a new box')
    const rest = await listed('a new box', { cursor: first.cursor })
    const all = [...first.messages, ...rest.messages]
    expect(new Set(all.map((message) => message['sender'])).size).to.equal(8)
    expect(new Set(all.map((message) => message['messageId'])).size).to.equal(8)
    for (const sender of senders) sender[Symbol.dispose]()
  })

  it('works to the letter of BRC-33: no message id, integers in the acknowledgement', async () => {
    const { json } = await alice.post('/sendMessage', {
      message: { recipient: bobKey, messageBox: 'inbox', body: 'hello' },
    })
    const [{ messageId } = { messageId: '' }] = json['results'] as { messageId: string }[]
    expect(messageId).to.match(/^[0-9]+$/)
    expect(Number.isSafeInteger(Number(messageId))).to.equal(true)
    expect((await listed()).messages[0]).to.deep.include({
      messageId,
      body: '{"message":"hello"}',
      sender: alice.identityKey,
    })
    expect((await bob.post('/acknowledgeMessage', { messageIds: [Number(messageId)] })).status).to.equal(200)
    expect((await listed()).messages).to.deep.equal([])
  })

  it('lists an object as it came, and a repeat once', async () => {
    const body = { kind: 'note', lines: [1, 2] }
    await send({ body })
    const again = await send({ body })
    expect(again.json['results']).to.containSubset([{ recipient: bobKey, messageId: 'm1', duplicate: true }])
    const other = await send({ body: 'something else' })
    expect(other).to.deep.include({ status: 400 })
    expect(other.json['code']).to.equal('ERR_DUPLICATE_MESSAGE')
    expect((await listed()).messages.map((message) => message['body'])).to.deep.equal([
      JSON.stringify({ message: body }),
    ])
  })

  it('shows the envelope of a sender to whoever asks for it', async () => {
    const message = {
      sender: alice.identityKey,
      recipient: bobKey,
      box: 'inbox' as BoxName,
      messageId: 'm1' as MessageId,
      body: 'hello',
    }
    const envelope = envelopeToJson(await signEnvelope(aliceWallet, message, Date.now()))
    expect((await send({ envelope })).status).to.equal(200)
    expect((await listed()).messages[0])
      .to.include({ proof: 'envelope' })
      .and.not.have.property('envelope')
    expect((await listed('inbox', { envelope: true })).messages[0]!['envelope']).to.deep.equal(envelope)
  })

  it('lists what a listing holds at most, and the rest page by page', async () => {
    for (let count = 1; count <= 7; count += 1) await send({ messageId: `m${count}` })
    const first = await listed()
    expect(first.messages).to.have.length(5)
    expect(first.more).to.equal(true)
    const rest = await listed('inbox', { cursor: first.cursor, limit: 10 })
    expect(rest.messages.map((message) => message['messageId'])).to.deep.equal(['m6', 'm7'])
    expect(rest).to.deep.include({ more: false }).and.not.have.property('restarted')
    const other = await listed('inbox', { cursor: 'another-log.3', limit: 2 })
    expect(other.messages.map((message) => message['messageId'])).to.deep.equal(['m1', 'm2'])
    expect(other.restarted).to.equal(true)
  })

  it('acknowledges by box, sender and id exactly one of two messages of one id', async () => {
    await send()
    await send({ messageBox: 'outbox' })
    const name = { messageBox: 'outbox', sender: alice.identityKey, messageId: 'm1' }
    expect((await bob.post('/acknowledgeMessage', { messages: [name] })).json).to.deep.include({ acknowledged: 1 })
    expect((await listed()).messages).to.have.length(1)
    expect((await listed('outbox')).messages).to.deep.equal([])
  })

  const envelope = { timestamp: Date.now(), signature: '30'.repeat(70) }
  const badSends: [name: string, code: ErrorCode, fields: Record<string, unknown>][] = [
    ['no box', 'ERR_INVALID_MESSAGEBOX', { messageBox: undefined }],
    ['a blank box', 'ERR_INVALID_MESSAGEBOX', { messageBox: ' ' }],
    ['a box that is a number', 'ERR_INVALID_MESSAGEBOX', { messageBox: 7 }],
    ['a line break in the box', 'ERR_INVALID_MESSAGEBOX', { messageBox: 'in\nbox' }],
    ['no body', 'ERR_INVALID_MESSAGE_BODY', { body: undefined }],
    ['a blank body', 'ERR_INVALID_MESSAGE_BODY', { body: '  ' }],
    ['a body that is a number', 'ERR_INVALID_MESSAGE_BODY', { body: 7 }],
    ['no recipient', 'ERR_RECIPIENT_REQUIRED', { recipient: undefined }],
    ['an empty list of recipients', 'ERR_RECIPIENT_REQUIRED', { recipients: [] }],
    [
      'several recipients without ids',
      'ERR_MESSAGEID_REQUIRED',
      { recipients: [bobKey, bobKey], messageId: undefined },
    ],
    ['fewer ids than recipients', 'ERR_MESSAGEID_COUNT_MISMATCH', { recipients: [bobKey, bobKey], messageId: ['m1'] }],
    ['more ids than recipients', 'ERR_MESSAGEID_COUNT_MISMATCH', { messageId: ['m1', 'm2'] }],
    ['a blank id', 'ERR_INVALID_MESSAGEID', { messageId: ' ' }],
    ['an id that is a number', 'ERR_INVALID_MESSAGEID', { messageId: 7 }],
    ['an id that is too long', 'ERR_INVALID_MESSAGEID', { messageId: 'm'.repeat(257) }],
    ['a recipient that is no key', 'ERR_INVALID_RECIPIENT_KEY', { recipient: 'bob' }],
    ['a recipient that is no point', 'ERR_INVALID_RECIPIENT_KEY', { recipient: noPoint }],
    [
      'one bad recipient of two',
      'ERR_INVALID_RECIPIENT_KEY',
      { recipients: [bobKey, noPoint], messageId: ['m1', 'm2'] },
    ],
    ['an envelope of another form', 'ERR_INVALID_ENVELOPE', { envelope: 'signed' }],
    ['an envelope over an object', 'ERR_INVALID_ENVELOPE', { envelope, body: { a: 1 } }],
    ['an envelope without an id', 'ERR_INVALID_ENVELOPE', { envelope, messageId: undefined }],
    ['an envelope that nobody signed', 'ERR_INVALID_ENVELOPE', { envelope }],
    ['an envelope from long ago', 'ERR_TOO_OLD', { envelope: { ...envelope, timestamp: Date.now() - 8 * 86_400_000 } }],
    ['an envelope from the future', 'ERR_TOO_EARLY', { envelope: { ...envelope, timestamp: Date.now() + 3_600_000 } }],
  ]
  for (const [name, code, fields] of badSends) {
    it(`refuses a send, and stores nothing: ${name}`, async () => {
      const { status, json } = await send(fields)
      const [expected] = errorTable[code]
      expect({ status, code: json['code'], wrong: json['status'] }).to.deep.equal({
        status: expected,
        code,
        wrong: 'error',
      })
      expect(json['description']).to.be.a('string').and.not.equal('')
      expect((await listed()).messages).to.deep.equal([])
    })
  }

  const badCalls: [name: string, status: number, code: string, path: string, body: unknown][] = [
    ['a send without a message', 400, 'ERR_MESSAGE_REQUIRED', '/sendMessage', {}],
    ['a send that is a list', 400, 'ERR_MESSAGE_REQUIRED', '/sendMessage', []],
    ['a send that is not JSON', 400, 'ERR_INVALID_JSON', '/sendMessage', '{"message":'],
    ['a send that is nested too deep', 400, 'ERR_INVALID_JSON', '/sendMessage', `${'['.repeat(100)}${']'.repeat(100)}`],
    ['a listing without a box', 400, 'ERR_MESSAGEBOX_REQUIRED', '/listMessages', {}],
    [
      'a listing of a box that is an object',
      400,
      'ERR_INVALID_MESSAGEBOX',
      '/listMessages',
      { messageBox: { $ne: '' } },
    ],
    ['a listing with a bad limit', 400, 'ERR_INVALID_PARAMETERS', '/listMessages', { messageBox: 'inbox', limit: 0 }],
    ['a listing with a bad cursor', 400, 'ERR_INVALID_CURSOR', '/listMessages', { messageBox: 'inbox', cursor: 'x' }],
    ['an acknowledgement of nothing', 400, 'ERR_MESSAGE_ID_REQUIRED', '/acknowledgeMessage', {}],
    ['an acknowledgement of an empty list', 400, 'ERR_MESSAGE_ID_REQUIRED', '/acknowledgeMessage', { messageIds: [] }],
    ['an acknowledgement of an object', 400, 'ERR_INVALID_MESSAGE_ID', '/acknowledgeMessage', { messageIds: [{}] }],
    [
      'an acknowledgement of what is not there',
      400,
      'ERR_INVALID_ACKNOWLEDGMENT',
      '/acknowledgeMessage',
      { messageIds: ['x'] },
    ],
    ['a route that there is not', 404, 'ERR_NOT_FOUND', '/nothing', {}],
  ]
  for (const [name, status, code, path, body] of badCalls) {
    it(`refuses: ${name}`, async () => {
      const answer = await alice.post(path, body)
      expect({ status: answer.status, code: answer.json['code'] }).to.deep.equal({ status, code })
    })
  }

  it('lists and acknowledges only what is the caller’s own', async () => {
    await send()
    expect((await alice.post('/listMessages', { messageBox: 'inbox' })).json['messages']).to.deep.equal([])
    expect((await alice.post('/acknowledgeMessage', { messageIds: ['m1'] })).status).to.equal(400)
    expect((await listed()).messages).to.have.length(1)
  })
})
