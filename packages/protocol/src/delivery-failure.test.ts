import { expect } from 'chai'
import { deliveryFailureText, parseDeliveryFailure } from './delivery-failure.ts'
import { specText } from './testing/spec-vectors.ts'

const vector = (name: string): string => specText('delivery-failure.md', name)

describe('delivery failures', () => {
  for (const name of ['returned', 'delayed']) {
    it(`are read as the document shows them, and written the same: ${name}`, () => {
      const notice = parseDeliveryFailure(vector(name))
      expect(notice?.kind).to.equal(name)
      expect(deliveryFailureText(notice!)).to.equal(vector(name))
      expect(parseDeliveryFailure(JSON.parse(vector(name)))).to.deep.equal(notice)
    })
  }

  it('may say more than we know', () => {
    const more = { ...(JSON.parse(vector('returned')) as object), weather: 'fine' }
    expect(parseDeliveryFailure(more)).to.deep.equal(parseDeliveryFailure(vector('returned')))
  })

  const whole = JSON.parse(vector('returned')) as Record<string, unknown>
  const bad: [name: string, body: unknown][] = [
    ['no JSON', 'hello'],
    ['another object', '{}'],
    ['null', null],
    ['another type', { ...whole, type: 'receipt' }],
    ['another version', { ...whole, version: 2 }],
    ['another kind', { ...whole, kind: 'lost' }],
    ['no recipient', { ...whole, recipient: 'x' }],
    ['a time that is none', { ...whole, acceptedAtMs: '1' }],
    ['a destination that is none', { ...whole, destinations: [{}] }],
  ]
  for (const [name, body] of bad) {
    it(`are not found in ${name}`, () => expect(parseDeliveryFailure(body)).to.equal(null))
  }
})
