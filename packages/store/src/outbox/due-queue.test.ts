import { expect } from 'chai'
import { seededRandom } from '@overpost/core/testing'
import { DueQueue } from './due-queue.ts'

describe('DueQueue', () => {
  it('is empty at first', () => {
    expect(new DueQueue().peek()).to.equal(null)
  })

  it('tells the key that is due first, whatever was set, moved and taken out before (against a plain map)', () => {
    const random = seededRandom(7)
    const queue = new DueQueue()
    const plain = new Map<string, number>()
    for (let step = 0; step < 20_000; step++) {
      const key = `k${Math.floor(random.fraction() * 50)}`
      const atMs = random.fraction() < 0.3 ? null : Math.floor(random.fraction() * 1_000)
      queue.set(key, atMs)
      if (atMs === null) plain.delete(key)
      else plain.set(key, atMs)
      expect(queue.peek()?.atMs ?? null).to.equal(plain.size === 0 ? null : Math.min(...plain.values()))
    }
    for (let left = plain.size; left > 0; left--) {
      const first = queue.peek()
      expect(plain.get(first?.key ?? '')).to.equal(first?.atMs)
      queue.set(first?.key ?? '', null)
    }
    expect(queue.peek()).to.equal(null)
  })
})
