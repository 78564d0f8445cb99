import { ManualClock } from '@overpost/core/testing'
import { expect } from 'chai'
import { DestinationWaker } from './destination-waker.ts'
import { otherHostWallet } from './testing/host-fixture.ts'

const key = otherHostWallet.identityKey

describe('DestinationWaker', () => {
  const setUp = (wasWaiting = true) => {
    const seen = { asked: 0, rung: 0 }
    const clock = new ManualClock()
    const waker = new DestinationWaker({
      outbox: {
        wake: () => {
          seen.asked += 1
          return Promise.resolve(wasWaiting)
        },
      },
      alarm: { ring: () => (seen.rung += 1) },
      clock,
      failed: (error) => expect.fail(String(error)),
    })
    return { waker, clock, seen }
  }

  it('asks the store once for a key that nothing is known of', async () => {
    const { waker, seen } = setUp(false)
    for (let call = 0; call < 10; call += 1) waker.called(key)
    await Promise.resolve()
    expect(seen).to.deep.equal({ asked: 1, rung: 0 })
  })

  it('makes mail due when a host that failed calls, once a second at most, until it takes mail', async () => {
    const { waker, clock, seen } = setUp()
    waker.called(key)
    waker.attemptFailed(key)
    waker.called(key)
    await Promise.resolve()
    expect(seen).to.deep.equal({ asked: 1, rung: 1 })
    clock.advance(1_000)
    for (let call = 0; call < 10; call += 1) waker.called(key)
    await Promise.resolve()
    expect(seen).to.deep.equal({ asked: 2, rung: 2 })
    waker.delivered(key)
    clock.advance(1_000)
    waker.called(key)
    expect(seen.asked).to.equal(2)
  })
})
