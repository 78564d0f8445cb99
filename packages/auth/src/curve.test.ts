import { createHmac, randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { hmacSha256 } from './curve.ts'

describe('hmacSha256', () => {
  const key = randomBytes(32)

  for (const data of ['', 'text in ünïcode', randomBytes(0), randomBytes(200)]) {
    it(`is what Node makes of ${typeof data === 'string' ? `"${data}"` : `${data.length} bytes`}`, () => {
      for (const one of [key, key.subarray(1), randomBytes(64)]) {
        const expected = createHmac('sha256', one).update(data).digest('hex')
        expect(Buffer.from(hmacSha256(one, data)).toString('hex')).to.equal(expected)
      }
    })
  }

  it('takes no key that it would have to cut', () => {
    expect(() => hmacSha256(randomBytes(65), 'text')).to.throw(RangeError)
  })
})
