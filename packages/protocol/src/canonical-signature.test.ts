import { BigNumber, Signature } from '@bsv/sdk'
import { expect } from 'chai'
import { isCanonicalSignature } from './canonical-signature.ts'
import { bytes } from './testing/vectors.ts'

const good = '304402203333333333333333333333333333333333333333333333333333333333333333' + '0220' + '22'.repeat(32)
const n = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'
const half = '7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0'

function der(r: string, s: string): string {
  return Signature.prototype.toDER.call(new Signature(new BigNumber(r, 16), new BigNumber(s, 16)), 'hex') as string
}

describe('isCanonicalSignature', () => {
  const taken = [
    ['an ordinary one', good],
    ['the smallest r and s', '3006020101020101'],
    ['the largest s of the lower half', der('01', half)],
    ['the largest r', der(n.slice(0, -1) + '0', '01')],
  ] as const
  for (const [name, hex] of taken) {
    it(`takes ${name}`, () => expect(isCanonicalSignature(bytes(hex))).to.equal(true))
  }

  const refused = [
    ['nothing', ''],
    ['a byte after it', `${good}00`],
    ['a byte missing', good.slice(0, -2)],
    ['a wrong outer length', `3045${good.slice(4)}`],
    ['a long form length', `308144${good.slice(4)}`],
    ['r = 0', '3006020100020101'],
    ['s = 0', '3006020101020100'],
    ['r = n', der(n, '01')],
    ['s just above the half', der('01', half.slice(0, -1) + '1')],
    ['a negative r', '3006020180020101'],
    ['a spare zero before r', '300702020001020101'],
    ['an empty r', '3005020002010101'],
    ['another tag', good.replace('3044', '3144')],
    ['an r that runs past the end', '3006022001020101'],
  ] as const
  for (const [name, hex] of refused) {
    it(`refuses ${name}`, () => expect(isCanonicalSignature(bytes(hex))).to.equal(false))
  }
})
