import type { IdentityKey, Outpoint } from '@overpost/protocol'
import { expect } from 'chai'
import { RouteNews } from './route-news.ts'
import { bob, carol, keyFixture, ManualClock, outpointFixture } from './testing/index.ts'

describe('RouteNews', () => {
  const clock = new ManualClock()
  let calls: string[]
  /** Whose routes are remembered, by one of their tokens. */
  let owners: Map<Outpoint, IdentityKey>
  let waiting: Set<IdentityKey>
  let news: RouteNews
  let rings: number
  beforeEach(() => {
    calls = []
    rings = 0
    owners = new Map([[outpointFixture('of bob'), bob]])
    waiting = new Set()
    news = new RouteNews({
      resolver: {
        drop: (user) => calls.push(`drop ${name(user)}`),
        ownerOf: (outpoint) => owners.get(outpoint) ?? null,
        remembers: (user) => [...owners.values()].includes(user),
        renew(user) {
          calls.push(`ask ${name(user)}`)
          return Promise.resolve()
        },
      },
      outbox: { wakeRecipient: (user) => Promise.resolve(waiting.has(user)) },
      outboxAlarm: { ring: () => rings++ },
      clock,
      failed(error) {
        throw error
      },
    })
  })
  const name = (user: IdentityKey): string => (user === bob ? 'bob' : user === carol ? 'carol' : 'somebody')
  const tell = (kind: string, outpoint = 'of bob', feed = 'feed') =>
    news.heard(feed, { kind, outpoint: outpointFixture(outpoint), script: null })

  for (const kind of ['spend', 'evict']) {
    it(`stops using the routes of a user at once, and asks again: ${kind}`, () => {
      tell(kind)
      expect(calls).to.deep.equal(['drop bob', 'ask bob'])
    })
  }

  for (const kind of ['admit', 'restore', 'a kind of later']) {
    it(`asks again, and uses what is known until then: ${kind}`, () => {
      tell(kind)
      expect(calls).to.deep.equal(['ask bob'])
    })
  }

  it('wakes mail that looks for a home of the user, once it was asked', async () => {
    waiting.add(bob)
    tell('admit')
    await Promise.resolve()
    await Promise.resolve()
    await Promise.resolve()
    expect(rings).to.equal(1)
  })

  it('does nothing for users of no interest here', () => {
    tell('spend', 'of nobody')
    news.heard('feed', { kind: 'admit', outpoint: outpointFixture('x'), script: Uint8Array.of(1, 2, 3) })
    expect(calls).to.deep.equal([])
  })

  it('lets one feed cause a bounded number of questions, and forgets nothing that it said', async () => {
    const users = Array.from({ length: 300 }, (_, index) => `user ${index}`)
    for (const user of users) owners.set(outpointFixture(user), keyFixture(user))
    const stop = new AbortController()
    const running = news.run(stop.signal)
    for (let times = 0; times < 10; times++) for (const user of users) tell('spend', user)
    const asked = () => calls.filter((call) => call.startsWith('ask')).length
    expect(asked()).to.equal(100)
    calls = []
    tell('spend', 'of bob', 'another feed')
    expect(calls, 'another feed has its own allowance').to.deep.equal(['drop bob', 'ask bob'])
    calls = []
    const tick = async (): Promise<void> => {
      clock.advance(1_000)
      for (let turn = 0; turn < 10; turn++) await Promise.resolve()
    }
    await tick()
    expect(asked()).to.equal(10)
    for (let second = 0; second < 40; second++) await tick()
    // 100 were asked for at once, each of the 300 once more when there was time: the last word counts.
    expect(asked()).to.equal(300)
    stop.abort()
    await running
  })
})
