import { expect } from 'chai'
import type { IdentityKey } from '@overpost/protocol'
import { NonceSet } from './nonce-set.ts'
import { ReplayWindow, type ReplayLimits } from './replay-window.ts'
import { SeededRandom } from './testing/seeded-random.ts'

const dayS = 24 * 3600
const limits: ReplayLimits = { sessionLifetimeS: 7 * dayS, callsPerIdentity: 1000, bytes: 10_000_000 }
const keyOf = (number: number) => `02${number.toString(16).padStart(64, '0')}` as IdentityKey
const [alice, bob] = [keyOf(1), keyOf(2)]

function consume(window: ReplayWindow, client: IdentityKey, call: string, beganAtS = 0, nowS = 0) {
  return window.consume(client, window.digest(call), beganAtS, nowS)
}

describe('the replay window', () => {
  it('takes each call of an identity once', () => {
    const window = new ReplayWindow(limits)
    for (let round = 0; round < 3; round++) {
      for (let call = 0; call < 500; call++) {
        expect(window.check(alice, window.digest(`call ${call}`), 0)).to.equal(round === 0 ? 'fresh' : 'replayed')
        expect(consume(window, alice, `call ${call}`)).to.equal(round === 0 ? 'fresh' : 'replayed')
      }
    }
    expect(consume(window, bob, 'call 1')).to.equal('fresh')
  })

  it('ends the sessions of an identity that makes too many calls, and nobody else’s', () => {
    const window = new ReplayWindow(limits)
    consume(window, bob, 'first', 5, 5)
    for (let call = 0; call < 1001; call++) expect(consume(window, alice, `call ${call}`, 5, 5)).to.equal('fresh')
    // Every call of the sessions so far is refused from here on, one that was never seen too.
    for (const call of ['call 0', 'call 1000', 'new']) expect(consume(window, alice, call, 5, 5)).to.equal('ended')
    expect(consume(window, bob, 'first', 5, 5)).to.equal('replayed')
    expect(consume(window, bob, 'second', 5, 5)).to.equal('fresh')
    // A handshake in the same second is stamped so that it holds.
    expect(window.beganAtLeastS(alice)).to.equal(6)
    expect(consume(window, alice, 'new', window.beganAtLeastS(alice), 5)).to.equal('fresh')
    expect(window.beganAtLeastS(bob)).to.equal(0)
  })

  it('ends the sessions of those who hold most when its memory is used up', () => {
    const small = { ...limits, callsPerIdentity: 1_000_000, bytes: 100_000 }
    const window = new ReplayWindow(small)
    consume(window, bob, 'the only one', 0, 1)
    for (let call = 0; call < 20_000; call++) {
      const stamp = window.beganAtLeastS(alice)
      expect(consume(window, alice, `call ${call}`, stamp, 1)).to.equal('fresh')
      expect(window.bytes).to.be.at.most(small.bytes)
    }
    expect(window.beganAtLeastS(alice)).to.be.above(0)
    expect(consume(window, bob, 'the only one', 0, 1)).to.equal('replayed')
  })

  it('turns new identities away when many of one call each have used its memory up', () => {
    const window = new ReplayWindow({ ...limits, bytes: 100_000 })
    const verdicts = new Set<string>()
    for (let identity = 0; identity < 1000; identity++) verdicts.add(consume(window, keyOf(identity), 'call', 0, 1))
    expect([...verdicts]).to.have.members(['fresh', 'full'])
    expect(window.bytes).to.be.at.most(100_000)
  })

  it('remembers a call as long as its session may last, and not much longer', () => {
    const window = new ReplayWindow(limits)
    for (let day = 0; day < 100; day++) {
      const nowS = day * dayS + 17
      expect(consume(window, alice, `day ${day}`, nowS, nowS)).to.equal('fresh')
      for (let back = 1; back <= 7 && back <= day; back++) {
        const beganAtS = nowS - back * dayS
        expect(consume(window, alice, `day ${day - back}`, beganAtS, nowS)).to.equal('replayed')
      }
    }
    expect(window.bytes).to.be.below(1000)
    // After a silence of years the ages have gone round: everything is forgotten, nothing is mistaken for young.
    for (const years of [3, 5, 100]) {
      const nowS = years * 365 * dayS
      expect(consume(window, bob, `year ${years}`, nowS, nowS)).to.equal('fresh')
      expect(window.identities).to.equal(1)
    }
  })

  it('is the same after it was saved and restored', () => {
    const window = new ReplayWindow(limits)
    for (let call = 0; call < 700; call++) consume(window, alice, `call ${call}`, 0, call * 600)
    for (let call = 0; call < 1001; call++) consume(window, bob, `call ${call}`, 0, 420_000)
    const restored = ReplayWindow.restore(window.save(), limits)
    expect(restored.bytes).to.equal(window.bytes)
    expect(restored.save()).to.have.length(window.save().length)
    for (let call = 0; call < 700; call++)
      expect(consume(restored, alice, `call ${call}`, 0, 420_000)).to.equal('replayed')
    expect(consume(restored, alice, 'call 700', 0, 420_000)).to.equal('fresh')
    expect(consume(restored, bob, 'call 5', 0, 420_000)).to.equal('ended')
    expect(restored.beganAtLeastS(bob)).to.equal(420_001)
  })

  it('does not take half of what was saved for the whole', () => {
    const window = new ReplayWindow(limits)
    consume(window, alice, 'call')
    const saved = window.save()
    expect(() => ReplayWindow.restore(saved.subarray(0, saved.length - 1), limits)).to.throw(RangeError)
    expect(() => ReplayWindow.restore(Buffer.concat([saved, Buffer.of(0)]), limits)).to.throw(RangeError)
  })
})

describe('a set of nonces', () => {
  it('holds what a Set would hold, over 20,000 random changes', () => {
    const random = new SeededRandom(7)
    const set = new NonceSet()
    let model = new Map<string, number>()
    for (let step = 0; step < 20_000; step++) {
      // Few values, so that they come again and slots collide.
      const [high, low, generation] = [random.below(8), random.below(1024) << 3, random.below(4)]
      const key = `${high} ${low}`
      expect(set.has(high, low)).to.equal(model.has(key))
      expect(set.add(high, low, generation)).to.equal(!model.has(key))
      if (!model.has(key)) model.set(key, generation)
      if (random.below(2000) !== 0) continue
      const gone = random.below(4)
      set.keep((mark) => mark !== gone)
      model = new Map([...model].filter(([, mark]) => mark !== gone))
      expect(set.count).to.equal(model.size)
    }
    const entries = [...set.entries()].map(([high, low, generation]) => [`${high} ${low}`, generation])
    expect(entries).to.have.deep.members([...model])
    expect(set.bytes).to.be.at.most(Math.max(72, 36 * set.count))
  })
})
