import { expect } from 'chai'
import { parseHandoverMessages, parseMove, requireHandover } from './handover.ts'
import { sdkSignatureVerifier } from './sdk-verifier.ts'
import { refusal } from './testing/refusal.ts'
import { specJson } from './testing/spec-vectors.ts'
import { host, sender, stranger, user } from './testing/vectors.ts'

const verifier = sdkSignatureVerifier()
const vector = specJson('handover.md', 'move') as { from: string; to: string; atMs: number; signature: string }
const day = 86_400_000
const rules = { nowMs: vector.atMs, memoryMs: 7 * day, verifier }

describe('parseMove', () => {
  it('reads the vector of docs/specs/handover.md', () => {
    const move = parseMove(vector, user.key)
    expect(move).to.include({ userKey: user.key, from: host.key, to: stranger.key, atMs: vector.atMs })
    requireHandover(move!, rules)
  })

  it('leaves other forms of /revokeRouting to their own reader', () => {
    for (const json of [{}, { hostKey: host.key }, null, undefined, [], 'to'])
      expect(parseMove(json, user.key)).to.equal(null)
  })

  const refused: [string, unknown][] = [
    ['no other host', { ...vector, to: null }],
    ['the same host', { ...vector, to: vector.from }],
    ['no time', { ...vector, atMs: undefined }],
    ['a time in text', { ...vector, atMs: String(vector.atMs) }],
    ['no signature', { ...vector, signature: undefined }],
    ['more fields', { ...vector, boxes: [] }],
  ]
  for (const [name, json] of refused) {
    it(`refuses ${name}`, () => expect(refusal(() => parseMove(json, user.key))).to.equal('ERR_INVALID_REQUEST'))
  }
})

describe('requireHandover', () => {
  const move = parseMove(vector, user.key)!
  const refused: [string, Parameters<typeof requireHandover>, string][] = [
    ['another user', [{ ...move, userKey: sender.key }, rules], 'ERR_SIGNATURE_INVALID'],
    ['another host to leave', [{ ...move, from: sender.key }, rules], 'ERR_SIGNATURE_INVALID'],
    ['another host to go to', [{ ...move, to: sender.key }, rules], 'ERR_SIGNATURE_INVALID'],
    ['another time', [{ ...move, atMs: move.atMs + 1 }, rules], 'ERR_SIGNATURE_INVALID'],
    ['one of long ago', [move, { ...rules, nowMs: move.atMs + 8 * day }], 'ERR_TOO_OLD'],
    ['one far ahead', [move, { ...rules, nowMs: move.atMs - day }], 'ERR_TOO_OLD'],
  ]
  for (const [name, args, code] of refused) {
    it(`refuses ${name}`, () => expect(refusal(() => requireHandover(...args))).to.equal(code))
  }
})

describe('parseHandoverMessages', () => {
  const parties = { from: host.key, to: stranger.key }
  const { atMs, signature } = vector
  const whole = { userKey: user.key, atMs, signature, messages: [{ proof: 'none' }] }

  it('takes the hosts from who calls and who is called', () => {
    const { handover, items } = parseHandoverMessages(whole, parties)
    requireHandover(handover, rules)
    expect(items).to.have.length(1)
  })

  for (const [name, json] of [
    ['nothing', null],
    ['no user', { ...whole, userKey: undefined }],
    ['no messages', { ...whole, messages: [] }],
    ['too many messages', { ...whole, messages: Array.from({ length: 101 }, () => ({})) }],
  ] as const) {
    it(`refuses ${name}`, () =>
      expect(refusal(() => parseHandoverMessages(json, parties))).to.equal('ERR_INVALID_PARAMETERS'))
  }
})
