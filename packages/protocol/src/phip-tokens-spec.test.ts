import { expect } from 'chai'
import { verifyPhipToken } from './phip-token.ts'
import { sdkSignatureVerifier } from './sdk-verifier.ts'
import { specText } from './testing/spec-vectors.ts'
import { bytes, origin, phip2Dates, phip2Script, phipScript } from './testing/vectors.ts'

describe('the vectors of docs/specs/phip-tokens.md', () => {
  const vectors: [string, object][] = [
    ['PHIP', { kind: 'PHIP', origin, dates: null, pattern: null }],
    ['PHIP2, from 1700000000000 to 1707776000000', { kind: 'PHIP2', origin, dates: phip2Dates, pattern: null }],
    ['PHIP2 with the regex ^(inbox|invoices)$', { kind: 'PHIP2', dates: phip2Dates, pattern: '^(inbox|invoices)$' }],
  ]
  for (const [name, expected] of vectors) {
    it(`verify: ${name}`, () => {
      const script = bytes(specText('phip-tokens.md', name))
      const result = verifyPhipToken(script, { verifier: sdkSignatureVerifier(), allowHttp: false })
      expect(result).to.have.property('token').that.deep.includes(expected)
    })
  }
  it('are those of the digests', () => {
    expect(bytes(specText('phip-tokens.md', vectors[0]![0]))).to.deep.equal(phipScript)
    expect(bytes(specText('phip-tokens.md', vectors[1]![0]))).to.deep.equal(phip2Script)
  })
})
