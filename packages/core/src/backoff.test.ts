import { expect } from 'chai'
import { backoffMs } from './backoff.ts'
import { destinationAfter } from './circuit-breaker.ts'

const policy = { baseMs: 1_000, mostMs: 60_000 }

describe('backoff', () => {
  it('doubles its ceiling with each attempt, up to the most', () => {
    const ceilings = [0, 1, 2, 5, 6, 1000].map((attempts) => backoffMs(attempts, policy, 0.999_999))
    expect(ceilings).to.deep.equal([1_000, 2_000, 4_000, 32_000, 60_000, 60_000])
  })

  it('spreads attempts over the whole time, but never to no time at all', () => {
    expect(backoffMs(10, policy, 0.5)).to.equal(30_000)
    expect(backoffMs(10, policy, 0)).to.equal(50)
  })
})

describe('circuit breaker', () => {
  const deps = { nowMs: 1_000_000, policy, fraction: 0.5 }

  it('closes with a good call', () => {
    expect(destinationAfter({ good: true }, 7, deps)).to.include({ failures: 0, nextAttemptAtMs: 0 })
  })

  it('opens for longer with each failure', () => {
    const first = destinationAfter({ good: false, reason: 'refused', retryAfterMs: null }, 0, deps)
    const fourth = destinationAfter({ good: false, reason: 'refused', retryAfterMs: null }, 3, deps)
    expect(first).to.deep.equal({ failures: 1, nextAttemptAtMs: 1_000_500, reason: 'refused' })
    expect(fourth).to.deep.equal({ failures: 4, nextAttemptAtMs: 1_004_000, reason: 'refused' })
  })

  it('waits as long as the host asks for, up to an hour', () => {
    const asked = (retryAfterMs: number) =>
      destinationAfter({ good: false, reason: '429', retryAfterMs }, 0, deps).nextAttemptAtMs - deps.nowMs
    expect(asked(90_000)).to.equal(90_000)
    expect(asked(86_400_000)).to.equal(3_600_000)
  })
})
