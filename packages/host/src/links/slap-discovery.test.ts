import { nativeSignatureVerifier, type IdentityWallet } from '@overpost/auth'
import { NodeReputation } from '@overpost/core'
import { ManualClock, seededRandom } from '@overpost/core/testing'
import { createDiscoveryTokenScript, slapTokenKey, type HostOrigin } from '@overpost/protocol'
import { expect } from 'chai'
import { ChainFixture, spendTransaction, tokenTransaction } from '../testing/chain-fixture.ts'
import { aliceWallet, hostWallet, otherHostWallet, walletFixture } from '../testing/host-fixture.ts'
import { lookupNode, type LookupBehaviour, type LookupNode } from '../testing/lookup-node.ts'
import { BeefProofs } from './beef-proofs.ts'
import { SlapDiscovery } from './slap-discovery.ts'

const never = new AbortController().signal

describe('SlapDiscovery', () => {
  const chain = new ChainFixture()
  const open: LookupNode[] = []
  afterEach(async () => {
    for (const node of open.splice(0)) await node[Symbol.asyncDispose]()
  })

  const script = (by: IdentityWallet, origin: string, name = 'ls_phip', kind: 'SHIP' | 'SLAP' = 'SLAP') =>
    createDiscoveryTokenScript(by, { kind, name, identityKey: by.identityKey, origin: origin as HostOrigin })
  const token = async (...of: Parameters<typeof script>) => chain.mine(tokenTransaction(await script(...of)))

  let clock: ManualClock
  let reputation: NodeReputation
  let failed: string[]
  beforeEach(() => {
    clock = new ManualClock()
    reputation = new NodeReputation(clock, seededRandom(1))
    failed = []
  })
  /** A tracker does what its behaviour is at the moment it is asked. */
  const discovery = async (...behaviours: LookupBehaviour[]) => {
    const trackers = await Promise.all(behaviours.map(lookupNode))
    open.push(...trackers)
    return new SlapDiscovery({
      ...{ fetch, proofs: new BeefProofs(chain), verifier: nativeSignatureVerifier(), reputation, clock },
      ...{ random: seededRandom(2), allowHttp: false, everyMs: 60_000, timeoutMs: 500 },
      trackers: trackers.map(({ origin }) => origin),
      services: ['ls_phip'],
      failed: ({ url }) => failed.push(url),
    })
  }
  const found = async (...behaviours: LookupBehaviour[]) => {
    const made = await discovery(...behaviours)
    await made.refresh('ls_phip', never)
    return made.found('ls_phip')
  }
  const shows = (...transactions: Awaited<ReturnType<typeof token>>[]): LookupBehaviour => ({
    kind: 'tokens',
    tokens: transactions.map((transaction) => ({ transaction })),
  })
  const failing: LookupBehaviour = { kind: 'bytes', status: 500, contentType: 'text/plain', body: 'oh' }

  it('finds nodes in the union of what the trackers know, and asks for the service by name', async () => {
    const a = await token(hostWallet, 'https://a.example')
    const b = await token(otherHostWallet, 'https://b.example')
    expect(await found(shows(a), failing, shows(a, b))).to.have.members(['https://a.example', 'https://b.example'])
    expect(open[0]?.questions).to.deep.equal([
      { service: 'ls_slap', query: { service: 'ls_phip', includeSpent: true, limit: 200 } },
    ])
    expect(failed).to.deep.equal([open[1]?.origin])
  })

  it('believes no token that is not true', async () => {
    const forged = Uint8Array.from(await script(hostWallet, 'https://forged.example'))
    const at = forged.length - 20
    forged[at] = (forged[at] ?? 0) ^ 1
    const nowhere = new ChainFixture().mine(tokenTransaction(await script(hostWallet, 'https://nowhere.example')))
    const spent = await token(otherHostWallet, 'https://spent.example')
    const spentBy = await spendTransaction(spent, otherHostWallet, slapTokenKey)
    const lies = shows(
      chain.mine(tokenTransaction(forged)),
      nowhere,
      spent,
      await token(hostWallet, 'https://other-service.example', 'ls_ship'),
      await token(hostWallet, 'https://topic.example', 'tm_phip', 'SHIP'),
      await token(hostWallet, 'http://plain.example'),
    )
    expect(await found(lies, { kind: 'tokens', tokens: [{ transaction: spent, spentBy }] })).to.deep.equal([])
  })

  it('takes few nodes of one identity', async () => {
    const many = await Promise.all([1, 2, 3, 4].map((index) => token(hostWallet, `https://n${index}.example`)))
    expect(await found(shows(...many))).to.have.length(2)
  })

  it('serves what it found while no tracker answers', async () => {
    const made = await discovery(shows(await token(hostWallet, 'https://a.example')))
    expect(await made.refresh('ls_phip', never)).to.equal(true)
    await open[0]?.[Symbol.asyncDispose]()
    open.splice(0)
    expect(await made.refresh('ls_phip', never)).to.equal(false)
    expect(made.found('ls_phip')).to.deep.equal(['https://a.example'])
  })

  it('keeps a node that proved its worth when a flood of others crowds it out, for a day', async () => {
    const good = await token(hostWallet, 'https://good.example')
    const bad = await token(aliceWallet, 'https://bad.example')
    const flood = await Promise.all(
      Array.from({ length: 120 }, (_, index) =>
        token(walletFixture((index + 0x50).toString(16).padStart(2, '0').slice(-2)), `https://f${index}.example`),
      ),
    )
    const shown: ReturnType<typeof shows>[] = [shows(good, bad), shows(...flood)]
    const tokens = shown.map((behaviour) => (behaviour.kind === 'tokens' ? behaviour.tokens : []))
    const behaviour = { kind: 'tokens' as const, tokens: tokens[0] ?? [] }
    const made = await discovery(behaviour)
    await made.refresh('ls_phip', never)
    reputation.answered('https://good.example', { tookMs: 50, knewAll: true })
    reputation.answered('https://bad.example', { tookMs: 5, knewAll: false })
    behaviour.tokens = tokens[1] ?? []
    await made.refresh('ls_phip', never)
    expect(made.found('ls_phip')[0]).to.equal('https://good.example')
    expect(made.found('ls_phip')).to.not.include('https://bad.example')
    expect(made.found('ls_phip')).to.have.length(100)
    clock.advance(25 * 60 * 60 * 1000)
    await made.refresh('ls_phip', never)
    expect(made.found('ls_phip')).to.not.include('https://good.example')
  })
})
