import { nativeSignatureVerifier } from '@overpost/auth'
import { Resolver, type DirectoryAnswer, type DirectoryEntry, type Sieve } from '@overpost/core'
import { ManualClock } from '@overpost/core/testing'
import {
  createMessageboxAdvertScript,
  signAuthorization,
  createPhipTokenScript,
  type BoxName,
  type HostOrigin,
  type IdentityKey,
  type Outpoint,
} from '@overpost/protocol'
import { expect } from 'chai'
import { bobWallet, hostWallet, otherHostWallet, walletFixture } from './testing/host-fixture.ts'

const never = new AbortController().signal
const bob = bobWallet.identityKey
const box = 'inbox' as BoxName
const dayMs = 86_400_000
const minuteMs = 60_000

describe('Resolver', () => {
  const verifier = nativeSignatureVerifier()
  let clock: ManualClock
  let entries: DirectoryEntry[]
  let questions: number
  let followedSinceMs: number | null
  let answering: Promise<unknown>
  let resolver: Resolver
  beforeEach(() => {
    clock = new ManualClock(Date.UTC(2026, 0, 1))
    ;[entries, questions, followedSinceMs, answering] = [[], 0, null, Promise.resolve()]
    resolver = new Resolver(
      {
        directory: {
          async find(_, makeSieve): Promise<DirectoryAnswer> {
            questions += 1
            const shown = [...entries]
            await answering
            return { kind: 'answered', entries: sifted(shown, makeSieve()) }
          },
        },
        ...{ verifier, clock, ownKey: hostWallet.identityKey, ownOrigin: 'https://own.example' as HostOrigin },
        hostKeys: { keyOf: () => Promise.resolve(otherHostWallet.identityKey) },
        followedSinceMs: () => followedSinceMs,
      },
      { positiveMs: minuteMs, followedMs: 10 * minuteMs, negativeMs: 10_000, allowHttp: false },
    )
  })
  const sifted = (shown: DirectoryEntry[], sieve: Sieve) => shown.filter(({ script }) => sieve(script))
  let serial = 0
  const entry = (script: Uint8Array, more: Partial<DirectoryEntry> = {}): DirectoryEntry => ({
    outpoint: `${(serial++).toString(16).padStart(64, '0')}.0` as Outpoint,
    ...{ script, spent: false },
    ...more,
  })
  const advert = async ({ issuedAtMs = clock.nowMs(), lifeMs = 90 * dayMs, host = otherHostWallet } = {}) => {
    const terms = { userKey: bob, hostKey: host.identityKey, origin: 'https://relay.example' as HostOrigin }
    const dates = { issuedAtMs, expiresAtMs: issuedAtMs + lifeMs }
    return createPhipTokenScript(host, await signAuthorization(bobWallet, { ...terms, pattern: null, dates }))
  }
  const anointing = (url: string) => createMessageboxAdvertScript(bobWallet, { userKey: bob, host: url })
  const origins = async (user: IdentityKey = bob) => {
    const found = await resolver.resolve(user, never)
    return found.kind === 'failed' ? 'failed' : found.routes.map(({ destination }) => destination.origin)
  }
  const cached = () => resolver.cached(bob, box)?.map(({ origin }) => origin) ?? null

  it('uses what it found for a minute without the feed', async () => {
    entries = [entry(await advert())]
    expect(await origins()).to.deep.equal(['https://relay.example'])
    clock.advance(minuteMs - 1)
    expect(cached()).to.deep.equal(['https://relay.example'])
    clock.advance(1)
    expect(cached()).to.equal(null)
  })

  it('uses it for ten minutes while the feeds are followed, and no longer than a minute from when one falls silent', async () => {
    entries = [entry(await advert())]
    followedSinceMs = clock.nowMs()
    await origins()
    clock.advance(10 * minuteMs - 1)
    expect(cached()).to.deep.equal(['https://relay.example'])
    followedSinceMs = null
    expect(cached()).to.equal(null)
  })

  it('takes what it found before the feeds were followed for a minute only: their news would have been missed', async () => {
    entries = [entry(await advert())]
    await origins()
    clock.advance(1_000)
    followedSinceMs = clock.nowMs()
    clock.advance(minuteMs)
    expect(cached()).to.equal(null)
  })

  it('uses no advert beyond its date, followed or not', async () => {
    entries = [entry(await advert({ lifeMs: 2 * minuteMs }))]
    followedSinceMs = clock.nowMs()
    await origins()
    clock.advance(2 * minuteMs - 1)
    expect(cached()).to.have.length(1)
    clock.advance(1)
    expect(cached()).to.equal(null)
  })

  it('asks once for all who ask at the same time, and anew when the user was dropped meanwhile', async () => {
    entries = [entry(await advert())]
    let answer = (): void => undefined
    answering = new Promise<void>((resolve) => (answer = resolve))
    const early = [origins(), origins()]
    expect(questions).to.equal(1)
    resolver.drop(bob)
    entries = []
    const late = origins()
    answer()
    await Promise.all(early)
    expect(await late, 'an answer from before the news').to.deep.equal([])
    expect(questions).to.equal(2)
    expect(cached(), 'the old answer came too, and is not kept').to.deep.equal([])
  })

  it('knows whose token an output is, spent ones too, as long as the user is remembered', async () => {
    entries = [entry(await advert()), entry(await advert({ issuedAtMs: clock.nowMs() - 5 }), { spent: true })]
    await origins()
    for (const { outpoint } of entries) expect(resolver.ownerOf(outpoint)).to.equal(bob)
    resolver.drop(bob)
    expect(resolver.ownerOf(entries[0]!.outpoint)).to.equal(null)
  })

  it('takes so many tokens of one host from one answer, and is not kept from others by them', async () => {
    const many = await Promise.all(Array.from({ length: 300 }, (_, ms) => advert({ issuedAtMs: clock.nowMs() - ms })))
    const other = walletFixture('66')
    entries = [...many.map((script) => entry(script)), entry(await advert({ host: other }))]
    const found = await resolver.resolve(bob, never)
    if (found.kind === 'failed') expect.fail(found.reason)
    expect(found.routes.map(({ destination }) => destination.hostKey)).to.have.members([
      otherHostWallet.identityKey,
      other.identityKey,
    ])
  })

  describe('for a user who anointed hosts', () => {
    it('has them as routes behind the adverts, each once', async () => {
      entries = [
        entry(await anointing('https://relay.example')),
        entry(await anointing('https://anointed.example/')),
        entry(await anointing('https://with-a-path.example/box')),
        entry(await advert()),
      ]
      expect(await origins()).to.deep.equal(['https://relay.example', 'https://anointed.example'])
      expect(resolver.isAnointedHere(bob)).to.equal(false)
    })

    it('says that the user is local when it is this one', async () => {
      entries = [entry(await anointing('https://own.example'))]
      expect(resolver.isAnointedHere(bob), 'not known yet').to.equal(false)
      await origins()
      expect(resolver.isAnointedHere(bob)).to.equal(true)
      expect(questions, 'the first question was for all').to.equal(1)
    })

    it('takes a spent one that is on chain again only from a transaction that spends another of the user', async () => {
      const script = await anointing('https://anointed.example')
      const spent = entry(script, { spent: true })
      entries = [spent, entry(script, { spends: new Set([`${'ab'.repeat(32)}.0`]) })]
      expect(await origins()).to.deep.equal([])
      clock.advance(minuteMs)
      entries = [spent, entry(script, { spends: new Set([spent.outpoint]) })]
      expect(await origins()).to.deep.equal(['https://anointed.example'])
    })
  })
})
