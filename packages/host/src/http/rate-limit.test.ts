import { expect } from 'chai'
import { RateLimit } from './rate-limit.ts'

const hour = 1 / 3600

describe('RateLimit', () => {
  it('lets a burst pass, then says how long to wait, for each key by itself', () => {
    const limit = new RateLimit({ perSecond: 1, burst: 3 }, 1_000)
    expect([1, 2, 3].map(() => limit.take('a'))).to.deep.equal([0, 0, 0])
    expect(limit.take('a')).to.be.within(1, 1_000)
    expect(limit.take('b')).to.equal(0)
  })

  it('takes all of a cost or nothing', () => {
    const limit = new RateLimit({ perSecond: hour, burst: 5 }, 1_000)
    expect(limit.take('a', 3)).to.equal(0)
    expect(limit.take('a', 3)).to.be.greaterThan(0)
    expect(limit.take('a', 2)).to.equal(0)
  })

  it('does not shut out for ever what costs more than a burst', () => {
    expect(new RateLimit({ perSecond: hour, burst: 5 }, 1_000).take('a', 100)).to.equal(0)
  })

  it('remembers no more callers than it may, and of a flood of new ones never those who call on', () => {
    const limit = new RateLimit({ perSecond: hour, burst: 1 }, 10_000)
    let passed = 0
    for (let stranger = 0; stranger < 100_000; stranger += 1) {
      limit.take(`stranger ${stranger}`)
      if (stranger % 100 === 0 && limit.take('a flooder') === 0) passed += 1
    }
    expect(limit.size).to.be.at.most(10_000)
    expect(passed).to.equal(1)
  })
})
