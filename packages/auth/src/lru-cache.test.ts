import { expect } from 'chai'
import { LruCache } from './lru-cache.ts'

describe('a bounded cache', () => {
  it('never holds more than its capacity, and always what was used last', () => {
    const cache = new LruCache<number, string>(100)
    for (let key = 0; key < 1000; key++) {
      cache.set(key, `value ${key}`)
      expect(cache.size).to.be.at.most(100)
      for (let back = 0; back < 50 && back <= key; back++) expect(cache.get(key - back)).to.equal(`value ${key - back}`)
    }
    expect(cache.get(0)).to.equal(undefined)
  })

  it('keeps what is used, however much else comes', () => {
    const cache = new LruCache<string, number>(10)
    cache.set('kept', 1)
    for (let key = 0; key < 1000; key++) {
      cache.set(`other ${key}`, key)
      expect(cache.get('kept')).to.equal(1)
    }
  })

  it('replaces the value of a key', () => {
    const cache = new LruCache<string, number>(4)
    for (const value of [1, 2, 3, 4, 5]) cache.set('a', value)
    expect([cache.get('a'), cache.size]).to.deep.equal([5, 1])
  })
})
