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

  publish({ create, spend }: Parameters<AdvertPublisher['publish']>[0]): Promise<string> {
    if (this.refuses) return Promise.reject(new Error('no money'))
    this.tokens = this.tokens.filter((token) => !spend.includes(token))
    for (const one of create) this.hold(one)
    this.transactions.push({ created: create.length, spent: spend.length })
    return Promise.resolve('txid')
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
  let withdrawn: StoredWithdrawal[]
  let clock: ManualClock
  let deps: AdvertiserDeps
  let failedRounds: number

  beforeEach(() => {
    wallet = new FakeWallet()
    standing = []
    withdrawn = []
    clock = new ManualClock(dayMs)
    failedRounds = 0
    deps = {
      authorizations: {
        page: (after, limit) =>
          Promise.resolve(
            standing
              .toSorted((a, b) => (a.userKey < b.userKey ? -1 : 1))
              .filter(({ userKey }) => after === null || userKey > after)
              .slice(0, limit),
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
      events: {
        published: () => undefined,
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
    expect(wallet.transactions.map(({ spent: count }) => count)).to.deep.equal([12, 12, 6])
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
