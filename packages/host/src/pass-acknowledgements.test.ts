import { Alarm, PassageWaker, runPassAcknowledgements, type Resolution, type Store } from '@overpost/core'
import { alice, bob, destinationFixture, idFixture, inbox, ManualClock, seededRandom } from '@overpost/core/testing'
import { openStore } from '@overpost/store'
import { expect } from 'chai'

const [away, present] = [destinationFixture('away'), destinationFixture('present')]
const quarterHourMs = 15 * 60_000

describe('passing acknowledgements on', () => {
  const clock = new ManualClock()
  let store: Store
  let stop: AbortController
  let loop: Promise<void>
  let waker: PassageWaker
  let alarm: Alarm
  let isAway: boolean
  let calls: string[]

  beforeEach(async () => {
    store = await openStore({ kind: 'memory' })
    stop = new AbortController()
    alarm = new Alarm(clock)
    isAway = true
    calls = []
    const events = { roundFailed: ({ error }: { error: unknown }) => expect.fail(String(error)) }
    waker = new PassageWaker({ store: store.acknowledgements, alarm, clock, events })
    const routes = [away, present].map((destination) => ({ destination, pattern: null }))
    const resolution = { kind: 'routes', routes } as unknown as Resolution
    loop = runPassAcknowledgements(
      {
        ...{ store: store.acknowledgements, waker, alarm, clock, ages: clock, random: seededRandom(1), events },
        resolver: { resolve: () => Promise.resolve(resolution) },
        link: {
          syncAcknowledgements(to) {
            calls.push(to === away ? 'away' : 'present')
            return Promise.resolve(to === away && isAway ? 'failed' : 'taken')
          },
        },
        backoff: { baseMs: quarterHourMs, mostMs: quarterHourMs },
        memoryMs: 7 * 86_400_000,
      },
      stop.signal,
    )
    const name = { box: inbox, sender: alice, messageId: idFixture('m1') }
    const sync = { recipient: bob, messages: [name], acknowledgement: null }
    await store.acknowledgements.putPassage(sync, clock.nowMs())
    alarm.ring()
    await settle()
  })
  afterEach(async () => {
    stop.abort()
    await loop
    await store[Symbol.asyncDispose]()
  })

  /** Nothing here waits for the real world. */
  const settle = async () => {
    for (let turn = 0; turn < 10; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
  }
  const heardFrom = async ({ hostKey }: typeof away) => {
    waker.heardFrom(hostKey)
    await settle()
  }

  it('a home that was away hears of it when it calls, and nobody else a second time', async () => {
    expect(calls).to.deep.equal(['away', 'present'])
    await heardFrom(present)
    expect(calls).to.have.length(2)
    isAway = false
    clock.advance(1_000)
    await heardFrom(away)
    expect(calls.slice(2)).to.deep.equal(['away'])
    expect(await store.acknowledgements.nextPassageAtMs()).to.equal(null)
  })

  it('a home that calls and takes nothing is tried once a second', async () => {
    for (let call = 0; call < 5; call += 1) await heardFrom(away)
    expect(calls.slice(2)).to.deep.equal(['away'])
    clock.advance(1_000)
    await heardFrom(away)
    expect(calls.slice(2)).to.deep.equal(['away', 'away'])
  })

  it('a clock that is set back costs no more than the ordinary pause', async () => {
    clock.advanceTo(clock.nowMs() - 2 * 3_600_000)
    isAway = false
    clock.advance(quarterHourMs)
    await settle()
    expect(await store.acknowledgements.nextPassageAtMs()).to.equal(null)
  })
})
