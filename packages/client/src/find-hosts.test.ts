import { IdentityWallet, nativeSignatureVerifier } from '@overpost/auth'
import { createPhipTokenScript, signAuthorization, type RoutingTerms } from '@overpost/protocol'
import type { Transaction } from '@bsv/sdk'
import { expect } from 'chai'
import { findHosts, type FindHostsRequest } from './find-hosts.ts'
import { RelayClientError } from './relay-client-error.ts'
import { TestChain, TestOverlay } from './testing/test-overlay.ts'

const hostB = new IdentityWallet('22'.repeat(32))
const hostC = new IdentityWallet('44'.repeat(32))
const bob = new IdentityWallet('33'.repeat(32))
const mallory = new IdentityWallet('55'.repeat(32))
const verifier = nativeSignatureVerifier()
const nowMs = 1_700_000_000_000
const dayMs = 86_400_000

describe('findHosts', () => {
  let chain: TestChain
  let honest: TestOverlay
  let other: TestOverlay
  beforeEach(async () => {
    chain = new TestChain()
    honest = await TestOverlay.start()
    other = await TestOverlay.start()
  })
  afterEach(async () => {
    await honest[Symbol.asyncDispose]()
    await other[Symbol.asyncDispose]()
  })

  async function token(host: IdentityWallet, terms: Partial<RoutingTerms> = {}, signer = bob): Promise<Uint8Array> {
    const authorization = await signAuthorization(signer, {
      userKey: bob.identityKey,
      hostKey: host.identityKey,
      origin: 'https://relay.example',
      pattern: null,
      dates: { issuedAtMs: nowMs - dayMs, expiresAtMs: nowMs + dayMs },
      ...terms,
    })
    return createPhipTokenScript(host, authorization)
  }
  const find = (overrides: Partial<FindHostsRequest> = {}) =>
    findHosts({
      user: bob.identityKey,
      overlays: [honest.url, other.url],
      chainTracker: chain,
      verifier,
      nowMs,
      timeoutMs: 1000,
      ...overrides,
    })
  const outpoint = (transaction: Transaction) => `${transaction.id('hex')}.0`

  it('gives the verified hosts of all nodes, newest first, with outpoints and heights', async () => {
    const first = chain.mine(await token(hostB))
    const dates = { issuedAtMs: nowMs - 1, expiresAtMs: nowMs + dayMs }
    const second = chain.mine(await token(hostC, { dates, pattern: '^in' }))
    honest.shows = [{ transaction: first }]
    other.shows = [{ transaction: second }, { transaction: first }]

    const { hosts, answered, refused } = await find()

    expect(hosts).to.deep.equal([
      {
        hostKey: hostC.identityKey,
        origin: 'https://relay.example',
        pattern: '^in',
        dates,
        outpoint: outpoint(second),
        height: 2,
      },
      {
        hostKey: hostB.identityKey,
        origin: 'https://relay.example',
        pattern: null,
        dates: { issuedAtMs: nowMs - dayMs, expiresAtMs: nowMs + dayMs },
        outpoint: outpoint(first),
        height: 1,
      },
    ])
    expect(answered).to.have.members([honest.url, other.url])
    expect(refused).to.deep.equal([])
    expect(honest.asked).to.deep.equal([{ service: 'ls_phip', query: { user: bob.identityKey, includeSpent: true } }])
  })

  it('drops a token when one node proves its spend, whatever the others show', async () => {
    const transaction = chain.mine(await token(hostB))
    const spentBy = chain.mine(Uint8Array.of(0x51), transaction)
    honest.shows = [{ transaction, spentBy }]
    other.shows = [{ transaction }]
    const { hosts, refused } = await find()
    expect(hosts).to.deep.equal([])
    expect(refused).to.deep.equal([{ outpoint: outpoint(transaction), reason: 'it is spent' }])
  })

  it('believes no spend by a transaction that spends something else', async () => {
    const transaction = chain.mine(await token(hostB))
    other.shows = [{ transaction, spentBy: chain.mine(Uint8Array.of(0x51)) }]
    expect((await find()).hosts).to.have.length(1)
  })

  const lies: { name: string; script: () => Promise<Uint8Array>; reason: RegExp }[] = [
    { name: 'not signed by the user', script: () => token(hostB, {}, mallory), reason: /user's signature/ },
    {
      name: 'of another user',
      script: () => token(hostB, { userKey: mallory.identityKey }, mallory),
      reason: /another user/,
    },
    { name: 'of an http host', script: () => token(hostB, { origin: 'http://127.0.0.1:1' }), reason: /origin/ },
    {
      name: 'out of date',
      script: () => token(hostB, { dates: { issuedAtMs: nowMs - 2 * dayMs, expiresAtMs: nowMs - dayMs } }),
      reason: /out of date/,
    },
    { name: 'no token at all', script: () => Promise.resolve(Uint8Array.of(0x51)), reason: /canonical/ },
  ]
  for (const { name, script, reason } of lies) {
    it(`adds no host for what is ${name}`, async () => {
      const transaction = chain.mine(await script())
      other.shows = [{ transaction }]
      const { hosts, refused } = await find()
      expect(hosts).to.deep.equal([])
      expect(refused[0]).to.have.property('outpoint', outpoint(transaction))
      expect(refused[0]?.reason).to.match(reason)
    })
  }

  it('adds no host for what is in no block', async () => {
    const transaction = new TestChain().mine(await token(hostB))
    chain.mine(Uint8Array.of(0x51))
    other.shows = [{ transaction }]
    expect((await find()).hosts).to.deep.equal([])
  })

  it('names the nodes that fail, and goes on with the others', async () => {
    honest.shows = [{ transaction: chain.mine(await token(hostB)) }]
    other.shows = 503
    const { hosts, failed } = await find()
    expect(hosts).to.have.length(1)
    expect(failed).to.deep.equal([{ overlay: other.url, reason: 'it answers 503' }])
  })

  it('never takes silence for an answer', async () => {
    honest.shows = 500
    other.shows = 500
    expect(await codeOf(find())).to.equal('ERR_UNREACHABLE')
    expect(await codeOf(find({ overlays: [] }))).to.equal('ERR_UNREACHABLE')
  })

  it('takes no answer for one when the headers cannot be asked', async () => {
    honest.shows = [{ transaction: chain.mine(await token(hostB)) }]
    const chainTracker = {
      isValidRootForHeight: () => Promise.reject(new Error('down')),
      currentHeight: () => Promise.resolve(0),
    }
    expect(await codeOf(find({ overlays: [honest.url], chainTracker }))).to.equal('ERR_UNREACHABLE')
  })

  it('stops when its signal aborts', async () => {
    expect(await codeOf(find({ signal: AbortSignal.abort() }))).to.equal('ERR_ABORTED')
  })
})

async function codeOf(call: Promise<unknown>): Promise<string> {
  const outcome: unknown = await call.catch((error: unknown) => error)
  return outcome instanceof RelayClientError ? outcome.code : `not refused: ${String(outcome)}`
}
