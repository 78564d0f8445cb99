import type { BoxName } from '@overpost/protocol'
import { expect } from 'chai'
import { boxRetention, parseBoxRule } from './box-retention.ts'

describe('boxRetention', () => {
  const daysFor = boxRetention({ days: 30, boxes: ['inbox=0', 'news_today=1', 'news_*=7'] })
  const cases: [box: string, days: number | null][] = [
    ['inbox', null],
    ['inbox2', 30],
    ['news_today', 1],
    ['news_today2', 7],
    ['news_', 7],
    ['other', 30],
  ]
  for (const [box, days] of cases) {
    it(`keeps ${box} for ${days ?? 'good'}`, () => expect(daysFor(box as BoxName)).to.equal(days))
  }

  it('keeps all for good when nothing else is said', () => {
    expect(boxRetention({ days: 0, boxes: [] })('inbox' as BoxName)).to.equal(null)
  })

  for (const text of ['', 'inbox', 'inbox=', '=7', 'in*box=7', 'inbox=-1', 'inbox=1.5', 'inbox=a']) {
    it(`takes no rule that is written ${JSON.stringify(text)}`, () => expect(parseBoxRule(text)).to.equal(null))
  }
})
