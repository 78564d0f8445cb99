import type { BoxName } from '@overpost/protocol'
import { expect } from 'chai'
import { pruneBoxes } from './prune-boxes.ts'

const dayMs = 86_400_000
const nowMs = 1_700_000_000_000

/** Boxes with the days that each of their messages is old. */
function storeOf(ages: readonly (readonly [box: string, days: readonly number[]])[]) {
  const boxes = ages.map(([box, days], index) => ({ id: index + 1, box: box as BoxName, days: [...days] }))
  return {
    boxes: (after: number, limit: number) =>
      Promise.resolve(
        boxes
          .filter(({ id }) => id > after)
          .slice(0, limit)
          .map(({ id, box, days }) => ({ id, box, oldestMs: days[0] === undefined ? null : nowMs - days[0] * dayMs })),
      ),
    prune(id: number, beforeMs: number, most: number) {
      const found = boxes.find((candidate) => candidate.id === id)
      const old = found?.days.filter((days) => nowMs - days * dayMs < beforeMs).slice(0, most) ?? []
      found?.days.splice(0, old.length)
      return Promise.resolve(old.length)
    },
    left: () => boxes.map(({ box, days }) => `${box}: ${days.length}`),
  }
}

describe('pruneBoxes', () => {
  const daysFor = (box: string) => (box === 'short' ? 7 : box === 'ever' ? null : 30)
  const round = async (store: ReturnType<typeof storeOf>, signal = new AbortController().signal) => {
    let pruned = 0
    const events = { pruned: ({ messages }: { messages: number }) => void (pruned += messages) }
    await pruneBoxes({ store, clock: { nowMs: () => nowMs }, events, daysFor }, signal)
    return pruned
  }

  it('removes from each box what it keeps no longer, and counts it', async () => {
    const store = storeOf([
      ['short', [40, 8, 6]],
      ['empty', []],
      ['other', [40, 29]],
      ['ever', [4000]],
    ])
    expect(await round(store)).to.equal(3)
    expect(store.left()).to.deep.equal(['short: 1', 'empty: 0', 'other: 1', 'ever: 1'])
  })

  it('goes through thousands of boxes and messages in steps', async () => {
    const many = Array.from({ length: 1_201 }, (_, index) => [`box ${index}`, [31]] as const)
    const store = storeOf([['large', Array.from({ length: 1_700 }, () => 31)], ...many])
    expect(await round(store)).to.equal(1_700 + 1_201)
  })

  it('stops when it is told to', async () => {
    expect(await round(storeOf([['short', [40]]]), AbortSignal.abort())).to.equal(0)
  })
})
