import { expect } from 'chai'
import type { ClaimMatch } from '../storage/find-claims.ts'
import { phipLookup } from './phip-lookup.ts'
import { TokenLookupService } from './token-lookup-service.ts'

const quarter = 256 * 1024

describe('TokenLookupService', () => {
  const answerTo = async (...matches: Omit<ClaimMatch, 'txid' | 'outputIndex'>[]): Promise<number[]> => {
    const found = matches.map((match, outputIndex) => ({ ...match, txid: 'aa'.repeat(32), outputIndex }))
    const spendingBeef = new Uint8Array(3 * quarter)
    const store = {
      findClaims: () => found,
      findSpend: () => ({ txid: 'bb'.repeat(32), beef: spendingBeef, height: null }),
      evict: () => undefined,
    }
    const formula = await new TokenLookupService(
      phipLookup(() => 0),
      store,
    ).lookup({ service: 'ls_phip', query: {} })
    return formula.map(({ outputIndex }) => outputIndex)
  }

  it('cuts an answer short at 2 MiB, spending transactions counted', async () => {
    const live = (quarters: number) => ({ spent: false, beefBytes: quarters * quarter })
    expect(await answerTo(live(3), live(3), live(2), live(1))).to.deep.equal([0, 1, 2])
    expect(await answerTo(live(3), { spent: true, beefBytes: 3 * quarter }, live(0.5))).to.deep.equal([0])
  })

  it('always answers one output', async () => {
    expect(await answerTo({ spent: false, beefBytes: 9 * quarter })).to.deep.equal([0])
  })
})
