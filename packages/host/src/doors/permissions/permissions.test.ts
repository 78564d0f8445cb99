import { expect } from 'chai'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Host } from '../../host.ts'
import { Federation } from '../../testing/federation.ts'
import {
  aliceWallet,
  bobWallet,
  callerFixture,
  hostFixture,
  otherHostWallet,
  walletFixture,
  type TestAnswer,
  type TestCaller,
} from '../../testing/host-fixture.ts'

const aliceKey = aliceWallet.identityKey
const bobKey = bobWallet.identityKey
const carolWallet = walletFixture('55')
const noPoint = `02${'0'.repeat(62)}05`

const outcome = ({ status, json }: TestAnswer) => ({ status, code: json['code'] })

describe('permissions at the door', () => {
  let host: Host
  let alice: TestCaller
  let bob: TestCaller
  beforeEach(async () => {
    host = await hostFixture()
    alice = callerFixture(aliceWallet, host.url)
    bob = callerFixture(bobWallet, host.url)
  })
  afterEach(async () => {
    alice[Symbol.dispose]()
    bob[Symbol.dispose]()
    await host[Symbol.asyncDispose]()
  })

  const set = (recipientFee: unknown, fields: Record<string, unknown> = {}) =>
    bob.post('/permissions/set', { messageBox: 'inbox', recipientFee, ...fields })
  const send = (fields: Record<string, unknown> = {}) =>
    alice.post('/sendMessage', {
      message: { recipient: bobKey, messageBox: 'inbox', messageId: 'm1', body: 'hello', ...fields },
    })
  const listed = async (who = bob) =>
    (await who.post('/listMessages', { messageBox: 'inbox' })).json['messages'] as unknown[]

  it('blocks a sender, and lets the same sender in again', async () => {
    expect((await set(-1, { sender: aliceKey })).json['status']).to.equal('success')
    const refused = await send()
    expect(outcome(refused)).to.deep.equal({ status: 403, code: 'ERR_DELIVERY_BLOCKED' })
    expect(refused.json['blockedRecipients']).to.deep.equal([bobKey])
    expect(await listed()).to.deep.equal([])
    expect((await set(0, { sender: aliceKey })).status).to.equal(200)
    expect((await send()).status).to.equal(200)
    expect(await listed()).to.have.length(1)
  })

  it('blocks a box for all but those who have a rule of their own, mail that came before notwithstanding', async () => {
    expect((await send({ messageId: 'm0' })).status).to.equal(200)
    await set(-1)
    await set(-1)
    expect((await send()).status).to.equal(403)
    await set(0, { sender: aliceKey })
    expect((await send()).status).to.equal(200)
    expect((await send({ messageId: 'm2', messageBox: 'inbox-2' })).status).to.equal(200)
    await set(null, { sender: aliceKey })
    expect((await send({ messageId: 'm3' })).status).to.equal(403)
    await set(null)
    expect((await send({ messageId: 'm3' })).status).to.equal(200)
  })

  it('stores nothing for anybody when one of several recipients has blocked the sender', async () => {
    using carol = callerFixture(carolWallet, host.url)
    await set(-1, { sender: aliceKey })
    const refused = await send({
      recipient: undefined,
      recipients: [carol.identityKey, bobKey],
      messageId: ['m1', 'm2'],
    })
    expect(outcome(refused)).to.deep.equal({ status: 403, code: 'ERR_DELIVERY_BLOCKED' })
    expect(refused.json['blockedRecipients']).to.deep.equal([bobKey])
    expect(await listed(carol)).to.deep.equal([])
  })

  it('says that payment is required, in a way that makes no client pay by itself', async () => {
    await set(7)
    const refused = await send()
    expect(outcome(refused)).to.deep.equal({ status: 400, code: 'ERR_MISSING_PAYMENT_TX' })
    expect(await listed()).to.deep.equal([])
    expect((await send({ messageBox: 'free' })).status).to.equal(200)
  })

  it('quotes what the caller would pay, to one and to several', async () => {
    using carol = callerFixture(carolWallet, host.url)
    const carolKey = carol.identityKey
    await set(7)
    await set(3, { sender: aliceKey })
    await carol.post('/permissions/set', { messageBox: 'inbox', recipientFee: -1, sender: aliceKey })
    const one = await alice.get(`/permissions/quote?recipient=${bobKey}&messageBox=inbox`)
    expect(one.json).to.deep.include({ status: 'success', quote: { deliveryFee: 0, recipientFee: 3 } })
    const other = await carol.get(`/permissions/quote?recipient=${bobKey}&messageBox=inbox`)
    expect(other.json['quote']).to.deep.equal({ deliveryFee: 0, recipientFee: 7 })
    const query = `recipient=${bobKey}&recipient=${carolKey}&recipient=${aliceKey}&messageBox=inbox`
    const several = await alice.get(`/permissions/quote?${query}`)
    const quoted = (recipient: string, recipientFee: number, status: string) => ({
      ...{ recipient, messageBox: 'inbox', deliveryFee: 0, recipientFee, status },
    })
    expect(several.json).to.deep.include({
      status: 'success',
      quotesByRecipient: [
        quoted(bobKey, 3, 'payment_required'),
        quoted(carolKey, -1, 'blocked'),
        quoted(aliceKey, 0, 'always_allow'),
      ],
      totals: { deliveryFees: 0, recipientFees: 3, totalForPayableRecipients: 3 },
      blockedRecipients: [carolKey],
    })
  })

  it('shows a rule in both spellings, null where there is none, and only to its owner', async () => {
    const path = `/permissions/get?recipient=${bobKey}&messageBox=inbox&sender=${aliceKey}`
    expect((await bob.get(path)).json['permission']).to.equal(null)
    await set(-1, { sender: aliceKey })
    const { permission } = (await bob.get(path)).json as { permission: Record<string, unknown> }
    const { createdAt } = permission
    expect(permission).to.deep.equal({
      ...{ sender: aliceKey, messageBox: 'inbox', message_box: 'inbox', recipientFee: -1, recipient_fee: -1 },
      ...{ status: 'blocked', createdAt, created_at: createdAt, updatedAt: createdAt, updated_at: createdAt },
    })
    expect(new Date(createdAt as string).toISOString()).to.equal(createdAt)
    expect((await bob.get('/permissions/get?messageBox=inbox')).json['permission']).to.equal(null)
    expect((await alice.get(path)).json['permission']).to.equal(null)
  })

  it('lists rules by box, page by page, whichever way the box is asked for', async () => {
    await set(0, { messageBox: 'a' })
    await set(-1, { sender: aliceKey })
    await set(2)
    const list = async (query = '') => {
      const { permissions, totalCount } = (await bob.get(`/permissions/list${query}`)).json as {
        permissions: Record<string, unknown>[]
        totalCount: number
      }
      return [
        totalCount,
        permissions.map(({ message_box, recipientFee }) => `${String(message_box)} ${String(recipientFee)}`),
      ]
    }
    expect(await list()).to.deep.equal([3, ['a 0', 'inbox 2', 'inbox -1']])
    expect(await list('?limit=1&offset=1')).to.deep.equal([3, ['inbox 2']])
    expect(await list('?message_box=inbox')).to.deep.equal([2, ['inbox 2', 'inbox -1']])
    expect(await list('?messageBox=inbox&offset=1')).to.deep.equal([2, ['inbox -1']])
    expect((await alice.get('/permissions/list')).json['permissions']).to.deep.equal([])
  })

  const badSets: [name: string, code: string, fields: Record<string, unknown>][] = [
    ['no box', 'ERR_INVALID_REQUEST', { messageBox: undefined }],
    ['no fee', 'ERR_INVALID_REQUEST', { recipientFee: undefined }],
    ['a box that is a number', 'ERR_INVALID_MESSAGE_BOX', { messageBox: 7 }],
    ['a blank box', 'ERR_INVALID_MESSAGE_BOX', { messageBox: ' ' }],
    ['a fee that is text', 'ERR_INVALID_FEE_VALUE', { recipientFee: '7' }],
    ['a fee below -1', 'ERR_INVALID_FEE_VALUE', { recipientFee: -2 }],
    ['a part of a satoshi', 'ERR_INVALID_FEE_VALUE', { recipientFee: 0.5 }],
    ['more satoshis than there are', 'ERR_INVALID_FEE_VALUE', { recipientFee: 2_100_000_000_000_001 }],
    ['a sender that is no key', 'ERR_INVALID_PUBLIC_KEY', { sender: 'alice' }],
    ['a sender that is no point', 'ERR_INVALID_PUBLIC_KEY', { sender: noPoint }],
  ]
  for (const [name, code, fields] of badSets) {
    it(`refuses a rule, and keeps none: ${name}`, async () => {
      expect(outcome(await set(-1, fields))).to.deep.equal({ status: 400, code })
      expect((await bob.get('/permissions/list')).json['totalCount']).to.equal(0)
    })
  }

  const badQueries: [path: string, code: string][] = [
    ['/permissions/get', 'ERR_MISSING_PARAMETERS'],
    ['/permissions/get?messageBox=inbox&sender=alice', 'ERR_INVALID_PUBLIC_KEY'],
    [`/permissions/quote?recipient=${bobKey}`, 'ERR_MISSING_PARAMETERS'],
    ['/permissions/quote?messageBox=inbox', 'ERR_MISSING_PARAMETERS'],
    ['/permissions/quote?recipient=bob&messageBox=inbox', 'ERR_INVALID_PUBLIC_KEY'],
    [`/permissions/quote?messageBox=inbox${`&recipient=${bobKey}`.repeat(101)}`, 'ERR_INVALID_REQUEST'],
    ['/permissions/list?limit=0', 'ERR_INVALID_LIMIT'],
    ['/permissions/list?limit=1001', 'ERR_INVALID_LIMIT'],
    ['/permissions/list?limit=ten', 'ERR_INVALID_LIMIT'],
    ['/permissions/list?offset=-1', 'ERR_INVALID_OFFSET'],
    ['/permissions/list?messageBox=a&messageBox=b', 'ERR_INVALID_MESSAGE_BOX'],
  ]
  for (const [path, code] of badQueries) {
    it(`refuses ${path.slice(0, 60)}`, async () => {
      expect(outcome(await bob.get(path))).to.deep.equal({ status: 400, code })
    })
  }
})

describe('permissions', () => {
  it('hold over a restart', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'overpost-permissions-'))
    try {
      const config = { store: { kind: 'sqlite' as const, file: join(dir, 'host.sqlite') } }
      {
        await using host = await hostFixture(config)
        using bob = callerFixture(bobWallet, host.url)
        await bob.post('/permissions/set', { messageBox: 'inbox', recipientFee: -1 })
      }
      await using host = await hostFixture(config)
      using alice = callerFixture(aliceWallet, host.url)
      const message = { recipient: bobKey, messageBox: 'inbox', messageId: 'm1', body: 'hello' }
      expect((await alice.post('/sendMessage', { message })).status).to.equal(403)
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  })

  it('hold for mail from other hosts, where a refusal is final', async () => {
    await using federation = await Federation.start()
    const a = await federation.host('22')
    const b = await federation.host('44')
    await federation.settle(bobWallet, b, otherHostWallet)
    const bob = federation.caller(bobWallet, b)
    await bob.post('/permissions/set', { messageBox: 'inbox', recipientFee: -1, sender: aliceKey })
    const message = { recipient: bobKey, messageBox: 'inbox', messageId: 'm1', body: 'hello' }
    await federation.caller(aliceWallet, a).post('/sendMessage', { message })
    await federation.caller(carolWallet, a).post('/sendMessage', { message })
    const arrived = await federation.arrived(bobWallet, b)
    expect(arrived.map(({ sender }) => sender)).to.deep.equal([carolWallet.identityKey])
    await bob.post('/permissions/set', { messageBox: 'inbox', recipientFee: 0, sender: aliceKey })
    await federation.caller(carolWallet, a).post('/sendMessage', { message: { ...message, messageId: 'm2' } })
    const later = await federation.arrived(bobWallet, b, 2)
    expect(later.map(({ sender }) => sender)).to.deep.equal([carolWallet.identityKey, carolWallet.identityKey])
  })
})
