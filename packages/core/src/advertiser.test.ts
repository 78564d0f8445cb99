import type { IdentityKey, Outpoint, RoutingAuthorization, SignedWithdrawal } from '@overpost/protocol'
import { expect } from 'chai'
import { reconcile, runAdvertiser, type AdvertiserDeps } from './advertiser.ts'
import { Alarm } from './alarm.ts'
import type { AdvertPublisher, OwnToken, Statement } from './ports/advert-publisher.ts'
import type { StoredWithdrawal } from './ports/withdrawal-store.ts'
import { ManualClock } from './testing/manual-clock.ts'
import { seededRandom } from './testing/seeded-random.ts'

const hostKey = `02${'a'.repeat(64)}` as IdentityKey
const origin = 'https://b.example'
const never = new AbortController().signal
const dayMs = 86_400_000

function authorization(user: number, fields: Partial<RoutingAuthorization> = {}): RoutingAuthorization {
  const userKey = `03${user.toString(16).padStart(64, '0')}` as IdentityKey
  const dates = { issuedAtMs: 0, expiresAtMs: 90 * dayMs }
  return { userKey, hostKey, origin, pattern: null, dates, signature: Uint8Array.of(user), ...fields }
}

function allowed(user: number): Statement {
  return { kind: 'authorization', authorization: authorization(user) }
}

function withdrawal(user: number, atMs = dayMs): SignedWithdrawal {
  return { userKey: authorization(user).userKey, hostKey: 'ALL', atMs, signature: Uint8Array.of(user) }
}

/** A wallet that holds tokens, in memory. */
class FakeWallet implements AdvertPublisher {
  tokens: OwnToken[] = []
  readonly transactions: { created: number; spent: number }[] = []
  openAnnouncements = 0
  refuses = false
  #made = 0

  list(): Promise<OwnToken[]> {
    return Promise.resolve([...this.tokens])
  }

  /** Ten satoshis for a transaction, and one for each token in it. */
  async publish(
    { create, spend }: Parameters<AdvertPublisher['publish']>[0],
    afford: (satoshis: number) => Promise<boolean>,
  ): Promise<string | null> {
    if (this.refuses) throw new Error('no money')
    if (!(await afford(10 + create.length + spend.length))) return null
    this.tokens = this.tokens.filter((token) => !spend.includes(token))
    for (const one of create) this.hold(one)
    this.transactions.push({ created: create.length, spent: spend.length })
    return 'txid'
  }

  announce(): Promise<number> {
    return Promise.resolve(this.openAnnouncements)
  }

  hold(statement: Statement): void {
    const outpoint = `${(++this.#made).toString(16).padStart(64, '0')}.0` as Outpoint
    const { userKey } = statement.kind === 'authorization' ? statement.authorization : statement.withdrawal
    this.tokens.push({ outpoint, userKey, statement })
  }
}

describe('advertiser', () => {
  let wallet: FakeWallet
  let standing: RoutingAuthorization[]
  let storedAtMs: Map<string, number>
  let left: Record<'known' | 'newcomers', number>
  let waits: string[]
  let withdrawn: StoredWithdrawal[]
  let clock: ManualClock
  let deps: AdvertiserDeps
  let failedRounds: number

  beforeEach(() => {
    wallet = new FakeWallet()
    standing = []
    withdrawn = []
    storedAtMs = new Map()
    left = { known: 1e6, newcomers: 1e6 }
    waits = []
    clock = new ManualClock(dayMs)
    failedRounds = 0
    deps = {
      authorizations: {
        page: (after, limit) =>
          Promise.resolve(
            standing
              .toSorted((a, b) => (a.userKey < b.userKey ? -1 : 1))
              .filter(({ userKey }) => after === null || userKey > after)
              .slice(0, limit)
              .map((one) => ({ authorization: one, storedAtMs: storedAtMs.get(one.userKey) ?? 0 })),
          ),
      },
      withdrawals: {
        page: (after) => Promise.resolve(after === null ? withdrawn : []),
        notePublished: (published) => {
          for (const { withdrawal: one, txid } of published) {
            withdrawn = withdrawn.map((stored) => (stored.withdrawal === one ? { ...stored, txid } : stored))
          }
          return Promise.resolve()
        },
      },
      publisher: wallet,
      alarm: new Alarm(clock),
      clock,
      random: seededRandom(1),
      budget: {
        left: (on) => Promise.resolve(left[on]),
        take(on, satoshis) {
          if (satoshis > left[on]) return Promise.resolve(false)
          left[on] -= satoshis
          return Promise.resolve(true)
        },
      },
      events: {
        published: () => undefined,
        budgetUsed: ({ on, waiting }) => {
          waits.push(`${waiting} ${on}`)
        },
        roundFailed: () => {
          failedRounds += 1
        },
      },
      self: { hostKey, origin: origin as never },
      options: { everyMs: 60_000, backoff: { baseMs: 1_000, mostMs: 30_000 }, mostPerTransaction: 50 },
    }
  })

  const users = (): string[] => wallet.tokens.map(({ userKey }) => userKey)

  it('creates what is missing, in as few transactions as may be', async () => {
    standing = Array.from({ length: 120 }, (_, index) => authorization(index + 1))
    await reconcile(deps, never)
    expect(users()).to.have.members(standing.map(({ userKey }) => userKey))
    expect(wallet.transactions.map(({ created }) => created)).to.deep.equal([50, 50, 20])
  })

  it('does nothing when both sides match', async () => {
    standing = [authorization(1)]
    await reconcile(deps, never)
    await reconcile(deps, never)
    expect(wallet.transactions).to.have.length(1)
  })

  it('reads more authorizations than fit a page', async () => {
    standing = Array.from({ length: 1_001 }, (_, index) => authorization(index + 1))
    await reconcile(deps, never)
    expect(wallet.tokens).to.have.length(1_001)
  })

  const spent: { name: string; token: RoutingAuthorization }[] = [
    { name: 'of a user who left', token: authorization(1) },
    { name: 'for another address', token: authorization(1, { origin: 'https://old.example' }) },
    { name: 'that has expired', token: authorization(1, { dates: { issuedAtMs: 0, expiresAtMs: dayMs } }) },
  ]
  for (const { name, token } of spent) {
    it(`spends a token ${name}`, async () => {
      wallet.hold({ kind: 'authorization', authorization: token })
      await reconcile(deps, never)
      expect(users()).to.deep.equal([])
      expect(wallet.transactions).to.deep.equal([{ created: 0, spent: 1 }])
    })
  }

  it('does not advertise what is for another address or has expired', async () => {
    standing = [
      authorization(1, { origin: 'https://old.example' }),
      authorization(2, { dates: { issuedAtMs: 0, expiresAtMs: dayMs } }),
    ]
    await reconcile(deps, never)
    expect(wallet.tokens).to.deep.equal([])
  })

  it('replaces the token of a renewed authorization in one transaction', async () => {
    wallet.hold(allowed(1))
    standing = [authorization(1, { dates: { issuedAtMs: dayMs, expiresAtMs: 91 * dayMs } })]
    await reconcile(deps, never)
    expect(wallet.transactions).to.deep.equal([{ created: 1, spent: 1 }])
    const renewed = wallet.tokens.map(({ statement }) => statement.kind === 'authorization' && statement.authorization)
    expect(renewed).to.deep.equal(standing)
  })

  it('spends no more in one transaction than nodes check', async () => {
    for (let user = 1; user <= 30; user++) wallet.hold(allowed(user))
    await reconcile(deps, never)
    expect(wallet.transactions.map(({ spent: count }) => count)).to.deep.equal([9, 9, 9, 3])
  })

  it('leaves a second token for a standing authorization, whose spend would end the route, and spends both when it ends', async () => {
    standing = [authorization(1)]
    wallet.hold(allowed(1))
    wallet.hold(allowed(1))
    await reconcile(deps, never)
    expect(wallet.transactions).to.deep.equal([])
    standing = []
    await reconcile(deps, never)
    expect(wallet.tokens).to.deep.equal([])
  })

  it('publishes a withdrawal once, and notes its transaction', async () => {
    withdrawn = [{ withdrawal: withdrawal(1), txid: null }]
    await reconcile(deps, never)
    await reconcile(deps, never)
    expect(wallet.transactions).to.deep.equal([{ created: 1, spent: 0 }])
    expect(withdrawn[0]?.txid).to.equal('txid')
  })

  it('finds the transaction of a withdrawal in the wallet after a crash between the two', async () => {
    withdrawn = [{ withdrawal: withdrawal(1), txid: null }]
    wallet.hold({ kind: 'withdrawal', withdrawal: withdrawal(1) })
    await reconcile(deps, never)
    expect(wallet.transactions).to.deep.equal([])
    expect(withdrawn[0]?.txid).to.equal(wallet.tokens[0]?.outpoint.slice(0, 64))
  })

  it('replaces an earlier withdrawal from the same host by a later one', async () => {
    wallet.hold({ kind: 'withdrawal', withdrawal: withdrawal(1) })
    withdrawn = [{ withdrawal: withdrawal(1, dayMs + 1), txid: null }]
    await reconcile(deps, never)
    expect(wallet.transactions).to.deep.equal([{ created: 1, spent: 1 }])
  })

  it('stops at the budget, with the newcomers that were first, and goes on when there is more', async () => {
    standing = [1, 2, 3, 4].map((user) => authorization(user))
    for (const [index, { userKey }] of standing.entries()) storedAtMs.set(userKey, 100 - index)
    left = { known: 100, newcomers: 12 }
    await reconcile(deps, never)
    expect(users()).to.deep.equal([standing[3]!.userKey, standing[2]!.userKey])
    expect(waits).to.deep.equal(['2 newcomers'])
    left.newcomers = 1e6
    await reconcile(deps, never)
    expect(users()).to.have.length(4)
  })

  it('ends and renews known adverts with what newcomers cannot touch: who leaves first, then what expires first', async () => {
    const until = (user: number, days: number) =>
      authorization(user, { dates: { issuedAtMs: 0, expiresAtMs: days * dayMs } })
    for (const [user, days] of [
      [1, 90],
      [2, 5],
      [3, 30],
    ] as const) {
      wallet.hold({ kind: 'authorization', authorization: until(user, days) })
    }
    standing = [1, 2, 9].map((user) => authorization(user, { dates: { issuedAtMs: dayMs, expiresAtMs: 91 * dayMs } }))
    left = { known: 24, newcomers: 0 }
    deps = { ...deps, options: { ...deps.options, mostPerTransaction: 1 } }
    await reconcile(deps, never)
    expect(wallet.transactions).to.deep.equal([
      { created: 0, spent: 1 },
      { created: 1, spent: 1 },
    ])
    expect(users()).to.have.members([1, 2].map((user) => authorization(user).userKey))
    const renewed = wallet.tokens.filter(
      ({ statement }) => statement.kind === 'authorization' && statement.authorization.dates?.issuedAtMs === dayMs,
    )
    expect(renewed.map(({ userKey }) => userKey)).to.deep.equal([authorization(2).userKey])
    expect(waits).to.deep.equal(['1 known', '1 newcomers'])
  })

  it('goes on by itself after the wallet refused, and wakes when rung', async () => {
    const stop = new AbortController()
    const turns = async (): Promise<void> => {
      for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
    }
    wallet.refuses = true
    standing = [authorization(1)]
    const running = runAdvertiser(deps, stop.signal)
    await turns()
    expect(failedRounds).to.equal(1)
    wallet.refuses = false
    clock.advance(1_000)
    await turns()
    expect(wallet.tokens).to.have.length(1)
    standing.push(authorization(2))
    deps.alarm.ring()
    await turns()
    expect(wallet.tokens).to.have.length(2)
    stop.abort()
    await running
  })
})
