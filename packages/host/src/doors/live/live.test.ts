import { capabilityPath } from '@overpost/protocol'
import { expect } from 'chai'
import type { Host } from '../../host.ts'
import { Federation } from '../../testing/federation.ts'
import {
  aliceWallet,
  bobWallet,
  callerFixture,
  hostFixture,
  otherHostWallet,
  type TestCaller,
} from '../../testing/host-fixture.ts'
import { LiveClient } from '../../testing/live-client.ts'
import { closeCodes } from './live-link.ts'

const aliceKey = aliceWallet.identityKey
const bobKey = bobWallet.identityKey

describe('live connections', () => {
  let host: Host
  let alice: TestCaller
  let bob: TestCaller
  const clients: LiveClient[] = []
  const connect = (digits: string, to: Pick<Host, 'url'> = host): LiveClient => {
    const client = new LiveClient(to.url, digits)
    clients.push(client)
    return client
  }
  const start = async (live: NonNullable<Parameters<typeof hostFixture>[0]>['live'] = {}): Promise<void> => {
    host = await hostFixture({ live })
    alice = callerFixture(aliceWallet, host.url)
    bob = callerFixture(bobWallet, host.url)
  }
  afterEach(async () => {
    for (const client of clients.splice(0)) client[Symbol.dispose]()
    alice[Symbol.dispose]()
    bob[Symbol.dispose]()
    await host[Symbol.asyncDispose]()
  })
  const send = async (messageId: string, body = messageId, messageBox = 'inbox') => {
    const answer = await alice.post('/sendMessage', { message: { recipient: bobKey, messageBox, messageId, body } })
    expect(answer.status).to.equal(200)
  }
  const followed = async (client: LiveClient): Promise<{ id: unknown; cursor: unknown }> => {
    const { cursor, message } = (await client.next('message')) as { cursor: string; message: { messageId: string } }
    return { id: message.messageId, cursor }
  }

  it('push what comes by HTTP to every connection of the recipient, raw to rooms and listed to followers', async () => {
    await start()
    const phone = connect('33')
    const laptop = connect('33')
    const stranger = connect('55')
    for (const client of [phone, laptop]) {
      await client.emit('authenticated', { identityKey: bobKey })
      expect(await client.next('authenticationSuccess')).to.deep.equal({ status: 'success' })
    }
    await phone.emit('joinRoom', `${bobKey}-in-box`)
    expect(await phone.next('joinedRoom')).to.deep.equal({ roomId: `${bobKey}-in-box` })
    await laptop.emit('follow', { messageBox: 'in-box' })
    await laptop.next('following')
    await stranger.emit('joinRoom', `${stranger.went.length}-in-box`)
    await send('m1', 'hello', 'in-box')
    expect(await phone.next(`sendMessage-${bobKey}-in-box`)).to.deep.equal({
      ...{ sender: aliceKey, messageId: 'm1', body: 'hello' },
    })
    const pushed = (await laptop.next('message')) as { message: Record<string, unknown> }
    const { messages } = (await bob.post('/listMessages', { messageBox: 'in-box' })).json as { messages: object[] }
    expect(pushed.message).to.deep.equal(messages[0])
    expect(pushed).to.include({ messageBox: 'in-box' })
    expect(stranger.events.map(({ name }) => name)).to.not.include('message')
  })

  it('show each message once on two devices of one owner, and what one acknowledges is gone for the other', async () => {
    await start()
    const devices = [connect('33'), connect('33')]
    for (const device of devices) {
      await device.emit('follow', { messageBox: 'inbox' })
      await device.next('following')
    }
    await send('m1')
    await send('m2')
    for (const device of devices) {
      expect((await followed(device)).id).to.equal('m1')
      expect((await followed(device)).id).to.equal('m2')
      expect(device.events).to.deep.equal([])
    }
    using phone = callerFixture(bobWallet, host.url)
    expect((await phone.post('/acknowledgeMessage', { messageIds: ['m1'] })).status).to.equal(200)
    const { messages } = (await bob.post('/listMessages', { messageBox: 'inbox' })).json as {
      messages: { messageId: string }[]
    }
    expect(messages.map(({ messageId }) => messageId)).to.deep.equal(['m2'])
    const later = connect('33')
    await later.emit('follow', { messageBox: 'inbox' })
    expect((await followed(later)).id).to.equal('m2')
  })

  it('take sends, durable before they are acknowledged, of the key that signs and of no other', async () => {
    await start()
    const client = connect('11')
    const roomId = `${bobKey}-in-box`
    await client.emit('sendMessage', { roomId, message: { messageId: 'm1', recipient: bobKey, body: 'hello' } })
    expect(await client.next(`sendMessageAck-${roomId}`)).to.deep.equal({ status: 'success', messageId: 'm1' })
    const { messages } = (await bob.post('/listMessages', { messageBox: 'in-box' })).json as {
      messages: Record<string, unknown>[]
    }
    expect(messages[0]).to.include({ messageId: 'm1', sender: aliceKey, body: '{"message":"hello"}', proof: 'local' })
  })

  it('go by who may send to whom, and say why not', async () => {
    await start()
    await bob.post('/permissions/set', { messageBox: 'inbox', recipientFee: -1, sender: aliceKey })
    const client = connect('11')
    const roomId = `${bobKey}-inbox`
    await client.emit('sendMessage', { roomId, message: { messageId: 'm1', recipient: bobKey, body: 'hello' } })
    expect(await client.next(`sendMessageAck-${roomId}`)).to.deep.include({
      ...{ status: 'error', code: 'ERR_DELIVERY_BLOCKED', blockedRecipients: [bobKey], messageId: 'm1' },
    })
    expect((await bob.post('/listMessages', { messageBox: 'inbox' })).json['messages']).to.deep.equal([])
  })

  it('go on from a cursor after a break, without a gap and without a repeat', async () => {
    await start()
    await send('m0')
    const first = connect('33')
    await first.emit('follow', { messageBox: 'inbox' })
    expect((await followed(first)).id).to.equal('m0')
    await send('m1')
    const { id, cursor } = await followed(first)
    expect(id).to.equal('m1')
    first.socket.terminate()
    await send('m2')
    await send('m3')
    const second = connect('33')
    await second.emit('follow', { messageBox: 'inbox', cursor })
    expect(await second.next('following')).to.deep.equal({ status: 'success', messageBox: 'inbox', cursor })
    expect((await followed(second)).id).to.equal('m2')
    expect((await followed(second)).id).to.equal('m3')
    await send('m4')
    expect((await followed(second)).id).to.equal('m4')
    expect(second.events).to.deep.equal([])
  })

  it('are announced in the capability document, with the log that their cursors are of', async () => {
    await start()
    await send('m1')
    const client = connect('33')
    await client.emit('follow', { messageBox: 'inbox' })
    const { cursor } = await followed(client)
    const { live, log } = (await (await fetch(host.url + capabilityPath)).json()) as Record<string, unknown>
    expect(live).to.equal(true)
    expect(cursor).to.equal(`${String(log)}.1`)
  })

  it('begin again at the start with the cursor of another log, and say so; or with what comes from now on', async () => {
    await start()
    await send('m0')
    const client = connect('33')
    await client.emit('follow', { messageBox: 'inbox', cursor: 'another-log.7' })
    expect(await client.next('following')).to.include({ restarted: true })
    expect((await followed(client)).id).to.equal('m0')
    const other = connect('33')
    await other.emit('follow', { messageBox: 'inbox', from: 'now' })
    await other.next('following')
    await send('m1')
    expect((await followed(other)).id).to.equal('m1')
    await other.emit('unfollow', { messageBox: 'inbox' })
    await other.next('unfollowed')
    await send('m2')
    expect((await followed(client)).id).to.equal('m1')
    expect((await followed(client)).id).to.equal('m2')
    expect(other.events).to.deep.equal([])
  })

  const refusals: [name: string, event: string, data: unknown, answer: string, code: string][] = [
    ["another's room", 'joinRoom', `${aliceKey}-inbox`, 'joinFailed', 'ERR_INVALID_REQUEST'],
    ['a room that is none', 'joinRoom', { roomId: 7 }, 'joinFailed', 'ERR_INVALID_REQUEST'],
    ["leaving another's room", 'leaveRoom', `${aliceKey}-inbox`, 'leaveFailed', 'ERR_INVALID_REQUEST'],
    ['another name', 'authenticated', { identityKey: aliceKey }, 'authenticationFailed', 'UNAUTHORIZED'],
    ['no box', 'follow', {}, 'followFailed', 'ERR_MESSAGEBOX_REQUIRED'],
    ['a box with a line break', 'follow', { messageBox: 'a\nb' }, 'followFailed', 'ERR_INVALID_MESSAGEBOX'],
    ['a cursor that is none', 'follow', { messageBox: 'inbox', cursor: 'x' }, 'followFailed', 'ERR_INVALID_CURSOR'],
    ['a send of nothing', 'sendMessage', null, 'sendMessageAck-', 'ERR_MESSAGE_REQUIRED'],
    ['a send to no room', 'sendMessage', { roomId: 'x', message: {} }, 'sendMessageAck-x', 'ERR_INVALID_MESSAGEBOX'],
    [
      'a send to another than the owner of the room',
      'sendMessage',
      { roomId: `${bobKey}-inbox`, message: { recipient: aliceKey, messageId: 'm1', body: 'hello' } },
      `sendMessageAck-${bobKey}-inbox`,
      'ERR_INVALID_RECIPIENT_KEY',
    ],
  ]
  it('refuse what is not theirs, and go on', async () => {
    await start()
    const client = connect('33')
    for (const [name, event, data, answer, code] of refusals) {
      await client.emit(event, data)
      expect(await client.next(answer), name).to.deep.include({ status: 'error', code })
    }
    await client.emit('something of a later day', {})
    await client.emit('follow', { messageBox: 'inbox' })
    expect(await client.next('following')).to.include({ status: 'success' })
  })

  it('are cut when a message is no message, was signed for another connection, or came before', async () => {
    await start()
    const signed = connect('33')
    await signed.emit('follow', { messageBox: 'inbox' })
    await signed.next('following')
    const general = signed.went.find(({ messageType }) => messageType === 'general')!
    const raw = async (text: string): Promise<number> => {
      const client = connect('55')
      await client.emit('authenticated', {})
      await client.next('authenticationSuccess')
      client.socket.send(text)
      return client.closed()
    }
    expect(await raw('{')).to.equal(closeCodes.invalid)
    expect(await raw('7')).to.equal(closeCodes.unauthorized)
    expect(await raw(JSON.stringify(general))).to.equal(closeCodes.unauthorized)
    const fresh = connect('77')
    await new Promise((resolve) => fresh.socket.once('open', resolve))
    fresh.socket.send(JSON.stringify(general))
    expect(await fresh.closed()).to.equal(closeCodes.unauthorized)
    const spoiled = { ...general, payload: general.payload?.map((byte) => byte ^ 1) }
    signed.socket.send(JSON.stringify(spoiled))
    expect(await signed.closed()).to.equal(closeCodes.unauthorized)
    const again = connect('33')
    await again.emit('authenticated', {})
    await again.next('authenticationSuccess')
    again.socket.send(JSON.stringify(again.went.at(-1)))
    expect(await again.closed()).to.equal(closeCodes.unauthorized)
  })

  it('are cut when nobody signs in', async () => {
    await start({ signInMs: 100 })
    const client = connect('33')
    expect(await client.closed()).to.equal(closeCodes.unauthorized)
  })

  it('are cut when they do not read, and get all that they missed when they come again', async () => {
    await start({ stallMs: 2_000 })
    const slow = connect('33')
    await slow.emit('follow', { messageBox: 'inbox', from: 'now' })
    const { cursor } = await slow.next('following')
    slow.socket.pause()
    const body = 'x'.repeat(100_000)
    const count = 40
    for (let sent = 0; sent < count; sent += 1) await send(`m${sent}`, body)
    for (let open = -1; open !== 0;) {
      const metrics = await (await fetch(`${host.url}/metrics`)).text()
      open = Number(/^relay_live_connections (\d+)$/m.exec(metrics)?.[1])
    }
    slow.socket.resume()
    await slow.closed()
    const seen = slow.events.filter(({ name }) => name === 'message').length
    expect(seen).to.be.lessThan(count)
    const last = (slow.events.at(-1)?.data['cursor'] ?? cursor) as string
    const again = connect('33')
    await again.emit('follow', { messageBox: 'inbox', cursor: last })
    for (let next = seen; next < count; next += 1) expect((await followed(again)).id).to.equal(`m${next}`)
  })

  it('are no more than allowed, and end with the host', async () => {
    await start({ connections: 1 })
    const client = connect('33')
    await client.emit('follow', { messageBox: 'inbox' })
    await client.next('following')
    const refused = connect('33')
    expect(await refused.closed()).to.equal(1006)
    const stopped = host[Symbol.asyncDispose]()
    expect(await client.closed()).to.equal(closeCodes.goingAway)
    await stopped
  })
})

describe('a live send to a user of another host', () => {
  it('arrives there with the proof that the sender wrote it, and is pushed', async () => {
    await using federation = await Federation.start()
    const a = await federation.host('22')
    const b = await federation.host('44')
    await federation.settle(bobWallet, b, otherHostWallet)
    using bob = new LiveClient(b.url, '33')
    await bob.emit('follow', { messageBox: 'inbox' })
    await bob.next('following')
    using alice = new LiveClient(a.url, '11')
    const roomId = `${bobKey}-inbox`
    await alice.emit('sendMessage', { roomId, message: { messageId: 'm1', recipient: bobKey, body: 'hello' } })
    expect(await alice.next(`sendMessageAck-${roomId}`)).to.include({ status: 'success' })
    const { message } = (await bob.next('message')) as { message: Record<string, unknown> }
    expect(message).to.include({
      ...{ messageId: 'm1', sender: aliceKey, body: '{"message":"hello"}', proof: 'brc94', originHost: a.identityKey },
    })
  })
})
