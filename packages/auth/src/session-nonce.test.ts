import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import type { IdentityKey } from '@overpost/protocol'
import { parseClientNonce, sessionSealer } from './session-nonce.ts'

const alice = `02${'a'.repeat(64)}` as IdentityKey
const bob = `03${'b'.repeat(64)}` as IdentityKey
const sealer = sessionSealer(randomBytes(32))

describe('a sealed session nonce', () => {
  for (const bytes of [16, 17, 18, 32, 48, 64]) {
    it(`gives back a client nonce of ${bytes} bytes, and when the session began`, () => {
      const nonce = randomBytes(bytes)
      const sealed = sealer.seal(alice, nonce, 4_000_000_000)
      expect(sealed).to.match(/^[A-Za-z0-9+/]+$/)
      expect(sealer.open(alice, sealed)).to.deep.equal({
        clientNonce: nonce.toString('base64'),
        beganAtS: 4_000_000_000,
      })
    })
  }

  it('has 108 characters for the 48 bytes that the SDKs send', () => {
    expect(sealer.seal(alice, randomBytes(48), 0)).to.have.length(108)
  })

  it('does not open for another identity, under another key, or with any bit changed', () => {
    const sealed = sealer.seal(alice, randomBytes(48), 7)
    expect(sealer.open(bob, sealed)).to.equal(null)
    expect(sessionSealer(randomBytes(32)).open(alice, sealed)).to.equal(null)
    for (let bit = 0; bit < 81 * 8; bit++) {
      const bytes = Buffer.from(sealed, 'base64')
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(sealer.open(alice, bytes.toString('base64'))).to.equal(null)
    }
  })

  for (const text of ['', 'x', '====', 'A'.repeat(44), 'A'.repeat(108), 'A'.repeat(140), 'A'.repeat(100_000)]) {
    it(`is not ${text.length} characters like ${text.slice(0, 4)}`, () => {
      expect(sealer.open(alice, text)).to.equal(null)
    })
  }
})

describe("a client's nonce", () => {
  const cases: [title: string, nonce: unknown, taken: boolean][] = [
    ['48 bytes', Buffer.alloc(48, 1).toString('base64'), true],
    ['16 bytes', Buffer.alloc(16, 1).toString('base64'), true],
    ['64 bytes', Buffer.alloc(64, 1).toString('base64'), true],
    ['15 bytes', Buffer.alloc(15, 1).toString('base64'), false],
    ['65 bytes', Buffer.alloc(65, 1).toString('base64'), false],
    ['no padding', Buffer.alloc(16, 1).toString('base64').replace('==', ''), false],
    ['base64url', Buffer.alloc(48, 0xff).toString('base64url'), false],
    ['a space', ` ${Buffer.alloc(48, 1).toString('base64')}`, false],
    ['a number', 5, false],
    ['nothing', undefined, false],
  ]
  for (const [title, nonce, taken] of cases) {
    it(`of ${title} is ${taken ? 'taken' : 'refused'}`, () => {
      expect(parseClientNonce(nonce) !== null).to.equal(taken)
    })
  }
})
