import { IdentityWallet, nativeSignatureVerifier, type PeerState } from '@overpost/auth'
import { contentOf, parsePublishWithdrawal, requireWithdrawal, verifyEnvelope } from '@overpost/protocol'
import { ProtoWallet, PrivateKey } from '@bsv/sdk'
import { expect } from 'chai'
import type { Context } from 'koa'
import { collect } from './testing/collect.ts'
import { TestHost } from './testing/test-host.ts'
import { MessageBoxClient, type MessageBoxClientOptions } from './message-box-client.ts'
import { RelayClientError } from './relay-client-error.ts'

const bob = new IdentityWallet('33'.repeat(32))
const verifier = nativeSignatureVerifier()

describe('MessageBoxClient', () => {
  let host: TestHost
  beforeEach(async () => {
    host = await TestHost.start()
  })
  afterEach(() => host[Symbol.asyncDispose]())

  const clientFor = (overrides: Partial<MessageBoxClientOptions> = {}) =>
    new MessageBoxClient({ wallet: new IdentityWallet('11'.repeat(32)), host: host.origin, verifier, ...overrides })
  const message = { recipient: bob.identityKey, box: 'inbox', body: 'hello' }

  it('sends with an envelope that the sender signed, under a random id', async () => {
    const [sent] = await clientFor().send(message)

    const [kept] = host.kept
    const [to] = kept?.request.recipients ?? []
    expect(sent?.messageId)
      .to.match(/^[0-9a-f]{32}$/)
      .and.equal(to?.messageId)
    const signed = {
      sender: kept!.sender,
      recipient: bob.identityKey,
      box: kept!.request.box,
      messageId: to!.messageId!,
    }
    const { body } = contentOf(kept!.request.body)
    expect(verifyEnvelope({ ...signed, body }, to!.envelope!, verifier)).to.be.a('string')
    expect(verifyEnvelope({ ...signed, body: 'other' }, to!.envelope!, verifier)).to.equal(null)
  })

  it('works with a wallet of the SDK, and its verifier', async () => {
    const wallet = new ProtoWallet(PrivateKey.fromHex('11'.repeat(32)))
    const client = new MessageBoxClient({ wallet, host: host.origin })
    await client.send(message)
    const { messages } = await client.list({ box: 'inbox', withEnvelope: true })
    // It is Bob's, and this is Alice listing it: she has the key of the body, too, and the envelope is not for her.
    expect(messages[0]).to.include({ verified: false })
  })

  it('names and signs for each of several recipients', async () => {
    const others = [bob.identityKey, host.wallet.identityKey]
    const sent = await clientFor().send({ recipients: others, box: 'inbox', body: 'x', encrypt: false })
    expect(sent.map(({ recipient }) => recipient)).to.deep.equal(others)
    expect(new Set(sent.map(({ messageId }) => messageId)).size).to.equal(2)
    expect(host.kept[0]?.request.recipients.every(({ envelope }) => envelope !== null)).to.equal(true)
  })

  it('encrypts for each of several recipients, in a request of their own', async () => {
    const others = [bob.identityKey, host.wallet.identityKey]
    const sent = await clientFor().send({ recipients: others, box: 'inbox', body: 'x' })
    expect(sent.map(({ recipient }) => recipient)).to.deep.equal(others)
    const bodies = host.kept.map(({ request }) => request.body)
    expect(new Set(bodies).size).to.equal(2)
    expect(bodies.every((body) => typeof body === 'string' && /^{"encryptedMessage":"[^"]+"}$/.test(body))).to.equal(
      true,
    )
  })

  it('shows whether others could read a message, and what only somebody else can', async () => {
    const alice = clientFor()
    await alice.send(message)
    await alice.send({ ...message, encrypt: false })
    await alice.send({ ...message, recipient: host.wallet.identityKey })
    const { messages } = await clientFor({ wallet: bob }).list({ box: 'inbox', withEnvelope: true })
    expect(messages.map(({ secrecy }) => secrecy)).to.deep.equal(['opened', 'plain', 'sealed'])
    expect(messages.map(({ body }) => body).slice(0, 2)).to.deep.equal(['hello', 'hello'])
    expect(messages.map(({ verified }) => verified)).to.deep.equal([true, true, false])
  })

  it('keeps id and envelope when it tries again after a lost answer', async () => {
    const seen: unknown[] = []
    const loseAnswer = (ctx: Context) => {
      seen.push(JSON.parse((ctx.state as { rawBody: Buffer }).rawBody.toString()))
      ctx.req.socket.destroy()
    }
    host.answers.push(loseAnswer, loseAnswer)
    const prepared = await clientFor().prepare(message)
    await clientFor().send(prepared)
    expect(seen).to.deep.equal([prepared.requests[0], prepared.requests[0]])
    expect(host.kept).to.have.length(1)
    expect(host.kept[0]?.request.recipients[0]?.messageId).to.equal(prepared.recipients[0]?.messageId)
  })

  it('lists again when the connection breaks, and does not when the host refuses', async () => {
    await clientFor().send(message)
    const bobs = clientFor({ wallet: bob })
    const breakOff = (ctx: Context) => void ctx.req.socket.destroy()
    host.answers.push(breakOff, breakOff)
    expect((await bobs.list({ box: 'inbox' })).messages.map(({ body }) => body)).to.deep.equal(['hello'])
    host.answers.push(refuse(503, 'ERR_UNAVAILABLE'))
    expect(await codeOf(bobs.list({ box: 'inbox' }))).to.deep.equal(['ERR_UNAVAILABLE', 503])
  })

  it('lists page by page, and verifies each envelope when asked', async () => {
    const alice = clientFor()
    for (const body of ['1', '2', '3', '4', '5']) await alice.send({ ...message, body })
    const [, , third] = host.kept
    host.kept[2] = { ...third!, request: { ...third!.request, body: 'forged' } }

    const reader = clientFor({ wallet: bob })
    const all = await collect(reader.listAll({ box: 'inbox', limit: 2, withEnvelope: true }))

    expect(all.map(({ body }) => body)).to.deep.equal(['1', '2', 'forged', '4', '5'])
    expect(all.map(({ verified }) => verified)).to.deep.equal([true, true, false, true, true])
    const page = await reader.list({ box: 'inbox', limit: 2 })
    expect(page).to.include({ more: true }).and.have.nested.property('messages[0].verified', null)
  })

  it('acknowledges by box, sender and id, and takes a second acknowledgement for none', async () => {
    const alice = clientFor()
    await alice.send(message)
    const reader = clientFor({ wallet: bob })
    const { messages } = await reader.list({ box: 'inbox' })
    expect(await reader.acknowledge(messages)).to.equal(1)
    expect(await reader.acknowledge(messages)).to.equal(0)
    expect(await reader.acknowledge([])).to.equal(0)
  })

  it('authorises the host by the key and origin that it signs, and takes it back', async () => {
    const client = clientFor({ wallet: bob })
    const authorized = await client.authorizeRouting({ pattern: '^in', lifeMs: 86_400_000 })
    expect(authorized).to.include({ hostKey: host.wallet.identityKey, origin: host.origin, pattern: '^in' })
    expect(host.authorizations[0]).to.include({ userKey: bob.identityKey, pattern: '^in' })
    await client.revokeRouting()
    expect(await codeOf(client.revokeRouting())).to.deep.equal(['ERR_NOT_AUTHORIZED', 404])
  })

  it("verifies the host's document, and that it is of the expected key", async () => {
    expect(await clientFor().capability()).to.deep.equal(host.document)
    const stranger = clientFor({ expectedHostKey: bob.identityKey })
    expect(await codeOf(stranger.capability())).to.deep.equal(['ERR_WRONG_HOST', null])
    expect(await codeOf(stranger.send(message))).to.deep.equal(['ERR_WRONG_HOST', null])
    host.document = { ...host.document, identityKey: bob.identityKey }
    expect(await codeOf(clientFor().authorizeRouting())).to.deep.equal(['ERR_WRONG_HOST', 200])
    expect(host.kept).to.have.length(0)
  })

  const badAnswers: { name: string; answer: (ctx: Context) => void; code: string; status: number | null }[] = [
    { name: 'a refusal', answer: refuse(403, 'ERR_DELIVERY_BLOCKED'), code: 'ERR_DELIVERY_BLOCKED', status: 403 },
    { name: 'a code that is not ours', answer: refuse(402, 'ERR_PAY'), code: 'ERR_PAY', status: 402 },
    {
      name: 'a success of another form',
      answer: (ctx) => (ctx.body = { status: 'success' }),
      code: 'ERR_INVALID_ANSWER',
      status: 200,
    },
    { name: 'no JSON', answer: (ctx) => (ctx.body = 'hi'), code: 'ERR_INVALID_ANSWER', status: 200 },
  ]
  for (const { name, answer, code, status } of badAnswers) {
    it(`rejects with code and status at once: ${name}`, async () => {
      host.answers.push(answer)
      expect(await codeOf(clientFor().send(message))).to.deep.equal([code, status])
      expect(host.kept).to.have.length(0)
    })
  }

  it('tries again what a host cannot do right now, and gives up after three times', async () => {
    host.answers.push(...Array.from({ length: 3 }, () => refuse(503, 'ERR_UNAVAILABLE')))
    expect(await codeOf(clientFor().send(message))).to.deep.equal(['ERR_UNAVAILABLE', 503])
    expect(host.answers).to.have.length(0)
  })

  it('withdraws with a signature of its own, and asks again with the same until the transaction is there', async () => {
    const asked: string[] = []
    const answer =
      (txid: string | null) =>
      (ctx: Context): void => {
        const { rawBody, peer } = ctx.state as PeerState
        asked.push(rawBody.toString('utf8'))
        const withdrawal = parsePublishWithdrawal(JSON.parse(asked.at(-1)!), peer.identityKey)
        requireWithdrawal(withdrawal, { nowMs: Date.now(), verifier })
        ctx.body = { status: 'success', txid }
      }
    host.answers.push(answer(null), answer('ab'.repeat(32)))
    const withdrawn = await clientFor().withdraw(bob.identityKey, { waitMs: 5_000 })
    expect(withdrawn).to.include({ hostKey: bob.identityKey, txid: 'ab'.repeat(32) })
    expect(asked).to.have.length(2)
    expect(new Set(asked).size).to.equal(1)
    host.answers.push(answer(null))
    expect(await clientFor().withdraw('ALL')).to.include({ hostKey: 'ALL', txid: null })
  })

  it('ends a call that is not answered in time', async () => {
    host.answers.push(() => new Promise(() => undefined))
    const call = clientFor({ timeoutMs: 150 }).list({ box: 'inbox' })
    expect(await codeOf(call)).to.deep.equal(['ERR_TIMEOUT', null])
  })

  it('ends a call when its signal aborts', async () => {
    const stop = new AbortController()
    host.answers.push(() => {
      stop.abort()
      return new Promise(() => undefined)
    })
    expect(await codeOf(clientFor().send(message, { signal: stop.signal }))).to.deep.equal(['ERR_ABORTED', null])
  })

  it('says when nobody is there', async () => {
    const client = clientFor({ host: 'http://127.0.0.1:1' })
    expect(await codeOf(client.list({ box: 'inbox' }))).to.deep.equal(['ERR_UNREACHABLE', null])
  })

  it('refuses what is no host, key or box before any call', async () => {
    expect(() => clientFor({ host: 'relay.example/x' })).to.throw(RangeError)
    for (const bad of [{ recipient: 'x' }, { box: ' ' }, { messageId: '' }]) {
      const outcome = await clientFor()
        .send({ ...message, ...bad })
        .catch((error: unknown) => error)
      expect(outcome).to.have.property('issues')
    }
  })
})

function refuse(status: number, code: string): (ctx: Context) => void {
  return (ctx) => {
    ctx.status = status
    ctx.body = { status: 'error', code, description: 'no' }
  }
}

async function codeOf(call: Promise<unknown>): Promise<[string, number | null]> {
  const outcome: unknown = await call.catch((error: unknown) => error)
  if (!(outcome instanceof RelayClientError)) throw outcome instanceof Error ? outcome : new Error('it went through')
  return [outcome.code, outcome.status]
}
