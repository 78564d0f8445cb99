import { expect } from 'chai'
import { hexToBytes } from './hex.ts'
import { parsePublishWithdrawal, requireWithdrawal } from './publish-withdrawal.ts'
import { sdkSignatureVerifier } from './sdk-verifier.ts'
import { refusal } from './testing/refusal.ts'
import { specJson } from './testing/spec-vectors.ts'
import { host, stranger, user } from './testing/vectors.ts'

const verifier = sdkSignatureVerifier()
const vector = specJson('withdrawal.md', 'publish') as { hostKey: string; atMs: number; signature: string }
const parse = (json: unknown) => parsePublishWithdrawal(json, user.key)
const rules = { nowMs: vector.atMs, verifier }

describe('parsePublishWithdrawal', () => {
  for (const [name, hostKey] of [
    ['publish', host.key],
    ['publish, from all hosts', 'ALL'],
  ] as const) {
    it(`reads the vector of docs/specs/withdrawal.md: ${name}`, () => {
      const withdrawal = parse(specJson('withdrawal.md', name))
      expect(withdrawal).to.deep.include({ userKey: user.key, hostKey, atMs: vector.atMs })
      requireWithdrawal(withdrawal, rules)
    })
  }

  it('takes the signature as bytes', () => {
    const bytes = hexToBytes(vector.signature)!
    expect(parse({ ...vector, signature: Array.from(bytes) }).signature).to.deep.equal(bytes)
  })

  const refused: [string, unknown][] = [
    ['nothing', null],
    ['a list', [vector]],
    ['no host', { ...vector, hostKey: undefined }],
    ['a host that is no key', { ...vector, hostKey: 'all' }],
    ['no time', { ...vector, atMs: undefined }],
    ['a time in text', { ...vector, atMs: String(vector.atMs) }],
    ['part of a millisecond', { ...vector, atMs: 0.5 }],
    ['a time before all', { ...vector, atMs: -1 }],
    ['a time that no number holds', { ...vector, atMs: 2 ** 53 }],
    ['no signature', { ...vector, signature: undefined }],
    ['an endless signature', { ...vector, signature: 'ab'.repeat(100) }],
    ['what a later version may mean', { ...vector, more: 1 }],
  ]
  for (const [name, json] of refused) {
    it(`refuses ${name}`, () => expect(refusal(() => parse(json))).to.equal('ERR_INVALID_REQUEST'))
  }
})

describe('requireWithdrawal', () => {
  const withdrawal = parse(vector)
  const refused: [string, Parameters<typeof requireWithdrawal>, string][] = [
    ['another user', [{ ...withdrawal, userKey: stranger.key }, rules], 'ERR_SIGNATURE_INVALID'],
    ['another host', [{ ...withdrawal, hostKey: 'ALL' }, rules], 'ERR_SIGNATURE_INVALID'],
    ['another time', [{ ...withdrawal, atMs: vector.atMs + 1 }, rules], 'ERR_SIGNATURE_INVALID'],
    ['a time far ahead', [withdrawal, { ...rules, nowMs: vector.atMs - 600_001 }], 'ERR_INVALID_WITHDRAWAL'],
  ]
  for (const [name, args, code] of refused) {
    it(`refuses ${name}`, () => expect(refusal(() => requireWithdrawal(...args))).to.equal(code))
  }

  it('takes one of at most 10 minutes ahead, and of long ago', () => {
    for (const nowMs of [vector.atMs - 600_000, vector.atMs * 2]) requireWithdrawal(withdrawal, { ...rules, nowMs })
  })
})
