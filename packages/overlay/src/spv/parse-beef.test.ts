import { Transaction } from '@bsv/sdk'
import { nativeHasher } from '@overpost/auth'
import { parseBeef as parse, traceAncestry } from '@overpost/protocol'
import { expect } from 'chai'
import { spend, TestChain } from '../testing/test-chain.ts'

describe('parseBeef and traceAncestry', () => {
  const chain = new TestChain()
  const parseBeef = (bytes: Uint8Array) => parse(bytes, nativeHasher)

  it('give the least BEEF that the SDK reads as the same transaction', async () => {
    const parent = await spend([chain.fund(), chain.fund()], [], [5000, 5000])
    const child = await spend([{ transaction: parent, outputIndex: 0 }], [], [100])
    const unrelated = chain.fund()
    const beef = child.toBEEF()
    const traced = traceAncestry(parseBeef(Uint8Array.from(beef)))
    expect(traced.beef).to.deep.equal(Buffer.from(beef))
    expect(traced.unproven).to.deep.equal([parent.id('hex'), child.id('hex')])
    expect(Transaction.fromBEEF(Array.from(traced.beef)).id('hex')).to.equal(child.id('hex'))
    expect(traced.transactions.map(({ txid }) => txid)).to.not.include(unrelated.transaction.id('hex'))
  })

  it('refuse every truncation and survive every flipped byte', async () => {
    const beef = Uint8Array.from((await spend([chain.fund()], [], [100])).toBEEF())
    for (let length = 0; length < beef.length; length++) {
      expect(() => parseBeef(beef.subarray(0, length)), `cut at ${length}`).to.throw(/not well formed/)
    }
    for (let at = 0; at < beef.length; at++) {
      const flipped = Uint8Array.from(beef)
      flipped[at]! ^= 0xff
      try {
        traceAncestry(parseBeef(flipped))
      } catch (error) {
        expect(error).to.have.property('code', 'ERR_INVALID_PARAMETERS')
      }
    }
  })

  it('take no count at its word', () => {
    const head = '0100beef'
    const huge = 'ffffffffffffff0f00'
    for (const hex of [
      head + huge,
      `${head}00${huge}`,
      `${head}0001${'00'.repeat(4)}${huge}`,
      `${head}01fd00102001${huge}`,
    ]) {
      expect(() => parseBeef(Buffer.from(hex, 'hex'))).to.throw(/not well formed/)
    }
  })
})
