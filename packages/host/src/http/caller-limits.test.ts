import { get } from 'node:http'
import { HostSession, nodeTransport, type IdentityWallet } from '@overpost/auth'
import { capabilityPath } from '@overpost/protocol'
import { expect } from 'chai'
import type { HostConfigInput } from '../config.ts'
import type { Host } from '../host.ts'
import { aliceWallet, bobWallet, hostFixture, otherHostWallet } from '../testing/host-fixture.ts'

const slow = { perSecond: 1, burst: 3 }
const bobKey = bobWallet.identityKey

describe('the rates of a host', () => {
  let host: Host
  const transport = nodeTransport()
  afterEach(() => host[Symbol.asyncDispose]())
  after(() => transport.close())

  const start = async (settings: HostConfigInput) => {
    host = await hostFixture(settings)
  }
  const callerOf = (wallet: IdentityWallet) => {
    const session = new HostSession({ wallet, transport, origin: host.url, expectedHostKey: null })
    return async (path: string, body: unknown) => {
      const call = { method: 'POST', path, body: JSON.stringify(body), signal: AbortSignal.timeout(5_000) }
      const { status, headers, body: bytes } = await session.call(call)
      const { code } = JSON.parse(Buffer.from(bytes).toString()) as { code?: string }
      return { status, code, retryAfter: headers['retry-after'] }
    }
  }
  const send = (recipients: number) => ({
    message: {
      recipients: Array.from({ length: recipients }, () => bobKey),
      messageId: Array.from({ length: recipients }, () => crypto.randomUUID()),
      messageBox: 'inbox',
      body: 'hello',
    },
  })
  const listed = (status: number, answers: readonly { status: number }[]) =>
    answers.filter((answer) => answer.status === status).length
  const limited = async (by: string) => {
    const metrics = await (await fetch(`${host.url}/metrics`)).text()
    return Number(new RegExp(`relay_rate_limited_total{by="${by}"} (\\d+)`).exec(metrics)?.[1] ?? 0)
  }

  it('refuse an address before anything is checked, while health goes on', async () => {
    await start({ rates: { address: slow } })
    const answers = []
    for (let count = 0; count < 6; count += 1) {
      answers.push(await fetch(`${host.url}/sendMessage`, { method: 'POST', body: '{' }))
    }
    expect(answers.map(({ status }) => status)).to.deep.equal([401, 401, 401, 429, 429, 429])
    const refused = answers[5]
    expect(await refused?.json()).to.include({ status: 'error', code: 'ERR_RATE_LIMITED' })
    expect(refused?.headers.get('retry-after')).to.equal('1')
    expect((await fetch(`${host.url}${capabilityPath}`)).status).to.equal(429)
    expect((await fetch(`${host.url}/health/live`)).status).to.equal(200)
    expect(await limited('address')).to.equal(4)
  })

  it('do not wait for a long body of an address that is over its rate', async () => {
    await start({ rates: { address: { perSecond: 1, burst: 1 } } })
    await fetch(host.url)
    const answer = await fetch(`${host.url}/sendMessage`, { method: 'POST', body: 'x'.repeat(1_000_000) })
    expect([answer.status, answer.headers.get('connection')]).to.deep.equal([429, 'close'])
  })

  const perAddress: [name: string, trustProxy: boolean, forwardedFor: string[], passed: number][] = [
    ['each address that a trusted proxy saw', true, ['203.0.113.1', '203.0.113.2', '203.0.113.3'], 3],
    ['all addresses of one /64 together', true, ['2001:db8::1', '2001:db8::2', '2001:db8:0:0:ffff::3'], 1],
    ['what a caller claims of itself as the one address it comes from', false, ['203.0.113.1', '203.0.113.2'], 1],
  ]
  for (const [name, trustProxy, forwardedFor, passed] of perAddress) {
    it(`count ${name}`, async () => {
      await start({ trustProxy, rates: { address: { perSecond: 1, burst: 1 } } })
      const answers = []
      for (const address of forwardedFor) {
        answers.push(await fetch(`${host.url}${capabilityPath}`, { headers: { 'x-forwarded-for': address } }))
      }
      expect(listed(200, answers)).to.equal(passed)
    })
  }

  it('count another address of this machine by itself', async () => {
    await start({ rates: { address: { perSecond: 1, burst: 1 } } })
    const from = (localAddress: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        get(host.url + capabilityPath, { localAddress, agent: false }, (answer) => {
          answer.resume()
          resolve(answer.statusCode)
        }).on('error', reject)
      })
    expect(await from('127.0.0.1')).to.equal(200)
    expect(await from('127.0.0.1')).to.equal(429)
    expect(await from('127.0.0.2')).to.equal(200)
  })

  it('refuse an identity by a signed answer, and no other for its sake', async () => {
    await start({ rates: { identity: slow } })
    const alice = callerOf(aliceWallet)
    const answers = []
    for (let count = 0; count < 4; count += 1) answers.push(await alice('/sendMessage', send(1)))
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 200, 429])
    expect(answers[3]).to.deep.include({ code: 'ERR_RATE_LIMITED', retryAfter: '1' })
    expect((await callerOf(bobWallet)('/listMessages', { messageBox: 'inbox' })).status).to.equal(200)
    expect(await limited('identity')).to.equal(1)
  })

  it('are not used up by whoever claims to be another', async () => {
    await start({ rates: { identity: slow } })
    for (let count = 0; count < 10; count += 1) {
      const headers = { 'x-bsv-auth-identity-key': aliceWallet.identityKey }
      expect((await fetch(`${host.url}/sendMessage`, { method: 'POST', headers, body: '{}' })).status).to.equal(401)
    }
    expect((await callerOf(aliceWallet)('/sendMessage', send(1))).status).to.equal(200)
  })

  it('count each recipient of a send, and long bodies for what they are', async () => {
    await start({ rates: { identity: { perSecond: 1, burst: 10 } } })
    const alice = callerOf(aliceWallet)
    expect((await alice('/sendMessage', send(8))).status).to.equal(200)
    expect((await alice('/sendMessage', send(8))).status).to.equal(429)
    const long = { message: { recipient: bobKey, messageBox: 'inbox', messageId: 'long', body: 'x'.repeat(700_000) } }
    const bob = callerOf(bobWallet)
    expect((await bob('/sendMessage', long)).status).to.equal(200)
    expect((await bob('/listMessages', { messageBox: 'inbox' })).status).to.equal(429)
  })

  it('give hosts that hand messages in a rate of their own, by messages', async () => {
    await start({ rates: { identity: { perSecond: 1, burst: 1 }, peer: { perSecond: 1, burst: 100 } } })
    const peer = callerOf(otherHostWallet)
    const batch = (messages: number) =>
      peer('/propagateMessages', { messages: Array.from({ length: messages }, () => ({})) })
    expect((await batch(60)).status).to.equal(200)
    expect(await batch(60)).to.deep.include({ status: 429, code: 'ERR_RATE_LIMITED', retryAfter: '20' })
    expect((await batch(30)).status).to.equal(200)
    expect(await limited('peer')).to.equal(1)
  })

  it('are told to everybody, unless there are none', async () => {
    await start({ rates: { address: slow } })
    const told = async () =>
      ((await (await fetch(`${host.url}${capabilityPath}`)).json()) as { limits: { rates?: object } }).limits.rates
    expect(await told()).to.deep.equal({
      address: slow,
      identity: { perSecond: 100, burst: 1_000 },
      peer: { perSecond: 2_000, burst: 20_000 },
    })
    await host[Symbol.asyncDispose]()
    await start({ rates: { enabled: false, address: slow } })
    for (let count = 0; count < 10; count += 1) expect(await told()).to.equal(undefined)
  })
})
