import { expect } from 'chai'
import { canonicalJson } from './canonical-json.ts'
import { signCapabilityDocument, verifyCapabilityDocument, type CapabilityDocument } from './capability-document.ts'
import type { HostOrigin } from './scalars.ts'
import { sdkSignatureVerifier } from './sdk-verifier.ts'
import { specJson, specText } from './testing/spec-vectors.ts'
import { host, origin, stranger } from './testing/vectors.ts'

const served = specJson('capability-document.md', 'document') as CapabilityDocument & { signature: string }
const document: CapabilityDocument = { ...served }
Reflect.deleteProperty(document, 'signature')
const expected = { origin, verifier: sdkSignatureVerifier() }

describe('the capability document', () => {
  it('is signed and verified as in docs/specs/capability-document.md', async () => {
    expect(canonicalJson(document)).to.equal(specText('capability-document.md', 'signed text'))
    expect(await signCapabilityDocument(host.wallet, document)).to.deep.equal(served)
    expect(verifyCapabilityDocument(served, expected)).to.deep.equal({ document })
  })

  it('tells rates and quotas, where a host has them', async () => {
    const { signature, ...limited } = specJson('capability-document.md', 'document with limits') as typeof served
    expect(await signCapabilityDocument(host.wallet, limited)).to.have.property('signature', signature)
    expect(verifyCapabilityDocument({ ...limited, signature }, expected)).to.deep.equal({ document: limited })
  })

  it('may have fields of later versions, which are signed too', async () => {
    const later = { ...document, prices: { deliverySatoshis: 1 } }
    const signed = await signCapabilityDocument(host.wallet, later)
    expect(verifyCapabilityDocument(signed, expected)).to.deep.equal({ document })
    expect(verifyCapabilityDocument({ ...signed, prices: { deliverySatoshis: 0 } }, expected)).to.have.property('fault')
  })

  const faults: [string, unknown][] = [
    ['nothing', null],
    ['text', JSON.stringify(served)],
    ['no signature', document],
    ['a changed field', { ...served, openToNewIdentities: false }],
    ['a field more', { ...served, more: true }],
    ['a fraction, which has no canonical form', { ...served, more: 0.5 }],
    ['another key', { ...served, identityKey: stranger.key }],
    ['another signature', { ...served, signature: '3006020101020101' }],
    ['another version', { ...served, version: 2 }],
    ['a limit of another type', { ...served, memoryDays: '7' }],
  ]
  for (const [name, json] of faults) {
    it(`is refused with ${name}`, () => expect(verifyCapabilityDocument(json, expected)).to.have.property('fault'))
  }

  it('is refused at another origin', () => {
    const elsewhere = { ...expected, origin: 'https://other.example' as HostOrigin }
    expect(verifyCapabilityDocument(served, elsewhere)).to.have.property('fault')
  })
})

describe('canonicalJson', () => {
  const texts: [unknown, string][] = [
    [{ b: 1, a: [true, 'x', {}] }, '{"a":[true,"x",{}],"b":1}'],
    [{ '€': 1, '': 2, B: 'é', '𝄞': -0, ﬀ: 3 }, '{"":2,"B":"é","€":1,"𝄞":0,"ﬀ":3}'],
    ['\u2028\n"/\u007f\u0001', '"\u2028\\n\\"/\u007f\\u0001"'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    [JSON.parse('{"__proto__":1,"10":2,"9":3}'), '{"10":2,"9":3,"__proto__":1}'],
  ]
  for (const [value, text] of texts) {
    it(`writes ${text}`, () => expect(canonicalJson(value)).to.equal(text))
  }

  const nested = (depth: number): unknown => (depth === 0 ? [] : [nested(depth - 1)])
  const refused: [string, unknown][] = [
    ['null', { a: null }],
    ['a fraction', 1.5],
    ['a number beyond 2^53', 2 ** 53],
    ['nothing', undefined],
    ['half a character', '\ud83d'],
    ['half a character in a name', { '\ud83d': 1 }],
    ['what is nested too deeply', nested(17)],
  ]
  for (const [name, value] of refused) {
    it(`refuses ${name}`, () => expect(() => canonicalJson(value)).to.throw(TypeError))
  }
  it('writes 16 levels', () => expect(canonicalJson(nested(16))).to.equal('['.repeat(17) + ']'.repeat(17)))
})
