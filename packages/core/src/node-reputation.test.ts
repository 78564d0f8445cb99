import { expect } from 'chai'
import { NodeReputation } from './node-reputation.ts'
import { ManualClock, seededRandom } from './testing/index.ts'

describe('NodeReputation', () => {
  const honest = 'honest'
  const liars = Array.from({ length: 20 }, (_, index) => `liar ${index}`)
  let clock: ManualClock
  let reputation: NodeReputation
  beforeEach(() => {
    clock = new ManualClock()
    reputation = new NodeReputation(clock, seededRandom(3))
  })

  it('asks all when there are few', () => {
    expect(reputation.choose(['a', 'b'], 2)).to.deep.equal(['a', 'b'])
  })

  it('never lets nodes that answer fast with nothing push out one that is slow and knows', () => {
    const others = Array.from({ length: 50 }, (_, index) => `other ${index}`)
    let asked = 0
    for (let question = 0; question < 400; question++) {
      const chosen = reputation.choose([...liars, honest, ...others], 4)
      const isFound = chosen.includes(honest)
      if (isFound) asked++
      for (const node of chosen) {
        const isHonest = node === honest
        reputation.answered(node, { tookMs: isHonest ? 900 : 5, knewAll: isFound ? isHonest : null })
      }
    }
    // Found by lot the first time, then among the best known.
    expect(asked).to.be.greaterThan(350)
    for (let question = 0; question < 20; question++) {
      expect(reputation.choose([...liars, honest, ...others], 4)).to.include(honest)
    }
  })

  it('leaves half of the places to the lot, so that a newcomer is asked too', () => {
    for (const node of ['a', 'b', 'c', 'd']) reputation.answered(node, { tookMs: 1, knewAll: true })
    const asked = new Set(Array.from({ length: 100 }, () => reputation.choose(['a', 'b', 'c', 'd', 'new'], 4)).flat())
    expect(asked).to.include('new')
  })

  it('does not wait for a node that failed, for a time that grows, and waits again after a good answer', () => {
    const restMs = (): number => {
      reputation.failed('a')
      const startMs = clock.nowMs()
      while (!reputation.isWaitedFor('a')) clock.advance(1_000)
      return clock.nowMs() - startMs
    }
    const first = restMs()
    expect(first).to.be.within(15_000, 31_000)
    for (let failures = 0; failures < 10; failures++) reputation.failed('a')
    expect(restMs()).to.be.within(15_000, 10 * 60_000)
    reputation.failed('a')
    reputation.answered('a', { tookMs: 10, knewAll: null })
    expect(reputation.isWaitedFor('a')).to.equal(true)
  })

  it('does not wait for a node that is always slow, but goes on to ask it', () => {
    for (let times = 0; times < 20; times++) reputation.answered('slow', { tookMs: 4_900, knewAll: null })
    expect(reputation.isWaitedFor('slow')).to.equal(false)
    expect(reputation.choose(['slow'], 4)).to.deep.equal(['slow'])
  })

  it('asks those that rest only when there are no others', () => {
    reputation.failed('down')
    for (let times = 0; times < 50; times++) expect(reputation.choose(['down', 'a', 'b'], 2)).to.not.include('down')
    expect(reputation.choose(['down', 'a'], 2)).to.include('down')
  })
})
