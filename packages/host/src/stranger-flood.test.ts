import { randomBytes } from 'node:crypto'
import { IdentityWallet } from '@overpost/auth'
import { AdvertBudget, Alarm, reconcile, type AdvertiserDeps } from '@overpost/core'
import { ManualClock, seededRandom } from '@overpost/core/testing'
import { signAuthorization, type HostOrigin, type IdentityKey } from '@overpost/protocol'
import { openStore } from '@overpost/store'
import { expect } from 'chai'
import { AdvertAnnouncements } from './links/advert-announcements.ts'
import { WalletAdvertPublisher } from './links/wallet-advert-publisher.ts'
import { ChainFixture } from './testing/chain-fixture.ts'
import { authorizationBody, bobWallet, callerFixture, hostFixture, hostWallet } from './testing/host-fixture.ts'
import { MemoryWallet } from './testing/memory-wallet.ts'

const dayMs = 86_400_000
const origin = 'https://relay.example' as HostOrigin
const dailySatoshis = 40_000
/** What a transaction costs in this wallet, which takes no change, less what its tokens were worth. */
const perTransaction = 1_000

/** Must hold 9 of issue 4: a stranger with 10,000 fresh keys. */
describe('a stranger with many keys', function () {
  this.timeout(120_000)

  it('spends half of the day’s budget at most, and ends or delays nobody else’s advert', async () => {
    await using store = await openStore({ kind: 'memory' })
    const wallet = new MemoryWallet(new ChainFixture())
    const clock = new ManualClock(20_000 * dayMs)
    const waits: string[] = []
    const publisher = new WalletAdvertPublisher({
      openWallet: () => wallet,
      signer: hostWallet,
      announcements: new AdvertAnnouncements({ urls: [], timeoutMs: 1_000, failed: () => undefined }),
    })
    const deps: AdvertiserDeps = {
      authorizations: store.authorizations,
      withdrawals: store.withdrawals,
      publisher,
      budget: new AdvertBudget(store.spending, clock, dailySatoshis),
      alarm: new Alarm(clock),
      clock,
      random: seededRandom(1),
      events: {
        published: () => undefined,
        roundFailed: () => undefined,
        budgetUsed: ({ on }) => waits.push(on),
      },
      self: { hostKey: hostWallet.identityKey, origin },
      options: { everyMs: 60_000, backoff: { baseMs: 1, mostMs: 1 }, mostPerTransaction: 100 },
    }
    const round = () => reconcile(deps, new AbortController().signal)
    const authorize = async (user: IdentityWallet, issuedAtMs = clock.nowMs()): Promise<IdentityKey> => {
      const { identityKey: userKey } = user
      const dates = { issuedAtMs, expiresAtMs: issuedAtMs + 90 * dayMs }
      const terms = { userKey, hostKey: hostWallet.identityKey, origin, pattern: null, dates }
      await store.authorizations.put(await signAuthorization(user, terms), clock.nowMs())
      return userKey
    }
    const people = Array.from({ length: 40 }, () => new IdentityWallet(randomBytes(32).toString('hex')))
    const [leaving, renewing] = [people.slice(0, 10), people.slice(10, 20)]
    for (const person of people) await authorize(person)
    await round()
    clock.advance(dayMs)
    const before = wallet.made.length

    for (let stranger = 0; stranger < 10_000; stranger++) {
      await authorize(new IdentityWallet(randomBytes(32).toString('hex')))
    }
    await round()
    const strangers = wallet.made.length - before
    expect(strangers, 'half of the budget, in transactions').to.be.within(1, dailySatoshis / 2 / perTransaction)
    expect(waits).to.deep.equal(['newcomers'])

    for (const { identityKey } of leaving) await store.authorizations.revoke(identityKey, clock.nowMs())
    for (const person of renewing) await authorize(person, clock.nowMs() + 1)
    for (let again = 0; again < 5; again++) await round()
    const held = await publisher.list(new AbortController().signal)
    const datesOf = ({ identityKey }: IdentityWallet) =>
      held.flatMap(({ userKey, statement }) =>
        userKey === identityKey && statement.kind === 'authorization' ? [statement.authorization.dates] : [],
      )
    for (const person of leaving) expect(datesOf(person)).to.deep.equal([])
    for (const person of people.slice(20)) expect(datesOf(person)).to.have.length(1)
    for (const person of renewing) expect(datesOf(person).map((d) => d?.issuedAtMs)).to.deep.equal([clock.nowMs() + 1])
    expect((wallet.made.length - before) * perTransaction, 'all that was spent').to.be.at.most(dailySatoshis)

    clock.advance(dayMs)
    const after = wallet.made.length
    await round()
    expect(wallet.made.length - after, 'the next day').to.be.within(1, dailySatoshis / 2 / perTransaction)
  })

  it('brings some of them here over HTTP, and is told why not more; others may still change what is theirs', async () => {
    await using host = await hostFixture({ advertiser: { newPerAddress: 5, newPerDay: 8, changesPerUser: 2 } })
    using bob = callerFixture(bobWallet, host.url)
    const authorizeBob = async (issuedAtMs: number) =>
      bob.post('/authorizeRouting', await authorizationBody(bobWallet, host, { issuedAtMs, expiresAtMs }))
    const sinceMs = Date.now() - 60_000
    const expiresAtMs = sinceMs + dayMs
    expect((await authorizeBob(sinceMs)).status).to.equal(200)
    const answers: number[] = []
    for (let stranger = 0; stranger < 12; stranger++) {
      const wallet = new IdentityWallet(randomBytes(32).toString('hex'))
      using caller = callerFixture(wallet, host.url)
      const { status, json } = await caller.post('/authorizeRouting', await authorizationBody(wallet, host))
      answers.push(status)
      if (status === 200) continue
      expect(json).to.include({ code: 'ERR_QUOTA_EXCEEDED', limit: 5, quota: 'new identities of one address in a day' })
      expect(json['retryAfterMs']).to.be.within(1, dayMs)
      expect((await caller.post('/revokeRouting', {})).status, 'nothing was stored').to.equal(404)
    }
    expect(answers.filter((status) => status === 200)).to.have.length(4)
    expect((await authorizeBob(sinceMs)).status, 'the same again').to.equal(200)
    for (const [later, status] of [
      [1, 200],
      [2, 200],
      [3, 429],
    ] as const) {
      expect((await authorizeBob(sinceMs + later)).status, `change ${later}`).to.equal(status)
    }
  })
})
