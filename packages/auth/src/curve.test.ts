import { createHmac, randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { childPrivateKey, hmacSha256, publicKeyOf, sha256, signAsChild, verify } from './curve.ts'
import { decodeDer } from './signature-der.ts'

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

describe('verify', () => {
  const [privateKey, tweak] = [sha256('a private key'), sha256('a tweak')]
  const point = publicKeyOf(privateKey)
  const signed = Array.from({ length: 600 }, (_, index) => {
    const scalar = sha256(`message ${index}`)
    return { scalar, signature: signAsChild(scalar, privateKey, tweak) }
  })
  /** Whether r or s begins with a zero, so that it is written in fewer bytes. */
  const isShort = ({ signature }: (typeof signed)[number]): boolean => {
    const compact = decodeDer(signature)
    return compact[0] === 0 || compact[32] === 0
  }
  const whole = signed.find((each) => !isShort(each))!
  const short = signed.filter(isShort)

  it('is not misled by the signature before, when a number of this one is shorter', () => {
    expect(short).to.not.be.empty
    for (const { scalar, signature } of short) {
      expect(verify(whole.scalar, whole.signature, point, tweak)).to.equal(true)
      expect(verify(scalar, signature, point, tweak)).to.equal(true)
      expect(verify(scalar, signature, publicKeyOf(childPrivateKey(privateKey, tweak)), null)).to.equal(true)
    }
  })

  it('takes no signature for another message, by another key, or for another child', () => {
    const { scalar, signature } = whole
    expect(verify(short[0]!.scalar, signature, point, tweak)).to.equal(false)
    expect(verify(scalar, signature, publicKeyOf(tweak), tweak)).to.equal(false)
    expect(verify(scalar, signature, point, sha256('another tweak'))).to.equal(false)
    expect(verify(scalar, signature, point, null)).to.equal(false)
  })
})
