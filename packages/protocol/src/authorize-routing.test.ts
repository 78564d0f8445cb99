import { expect } from 'chai'
import { parseAuthorizeRouting, parseRevokeRouting } from './authorize-routing.ts'
import { hexToBytes } from './hex.ts'
import { verifyAuthorization } from './phip-authorization.ts'
import { sdkSignatureVerifier } from './sdk-verifier.ts'
import { refusal } from './testing/refusal.ts'
import { specJson } from './testing/spec-vectors.ts'
import { host, origin, phip2Dates, stranger, user } from './testing/vectors.ts'

const verifier = sdkSignatureVerifier()
const caller = { userKey: user.key, hostKey: host.key }
const undated = specJson('routing-authorization.md', 'undated, as BRC-34') as { message: string; signature: string }
const dated = specJson('routing-authorization.md', 'dated, as fields') as { signature: string }
const both = specJson('routing-authorization.md', 'dated, with a regex, both forms') as { message: string }
const parse = (json: unknown) => parseAuthorizeRouting(json, caller)

describe('parseAuthorizeRouting', () => {
  const terms = { ...caller, origin, pattern: null, dates: null }
  const vectors: [string, object][] = [
    ['undated, as BRC-34', terms],
    ['undated, bare domain', { ...terms, origin: 'peerserv.babbage.systems' }],
    ['dated, as fields', { ...terms, dates: phip2Dates }],
    ['dated, with a regex, both forms', { ...terms, dates: phip2Dates, pattern: '^(inbox|invoices)$' }],
  ]
  for (const [name, expected] of vectors) {
    it(`reads the vector of docs/specs/routing-authorization.md: ${name}`, () => {
      const authorization = parse(specJson('routing-authorization.md', name))
      expect(authorization).to.deep.include(expected)
      expect(verifyAuthorization(authorization, verifier)).to.equal(true)
    })
  }

  const same: [string, object, object][] = [
    ['the signature as bytes', { ...undated, signature: Array.from(hexToBytes(undated.signature)!) }, terms],
    ['this host when no key is given', { domain: origin, signature: undated.signature }, terms],
    ['ALL as no regex', { domain: origin, regex: 'ALL', signature: undated.signature }, terms],
    [
      'a dated message without fields',
      { message: both.message.replace('^(inbox|invoices)$', 'a b'), ...phip2Dates, signature: dated.signature },
      { pattern: 'a b' },
    ],
    [
      'another host, for the caller to refuse',
      { domain: origin, hostKey: stranger.key, signature: dated.signature },
      { hostKey: stranger.key },
    ],
    ['null for what is absent', { ...undated, domain: null, regex: null, issuedAtMs: null, expiresAtMs: null }, terms],
  ]
  for (const [name, json, expected] of same) {
    it(`takes ${name}`, () => expect(parse(json)).to.deep.include(expected))
  }

  const refused: [string, unknown, string][] = [
    ['nothing', null, 'ERR_INVALID_REQUEST'],
    ['neither message nor domain', { signature: undated.signature }, 'ERR_INVALID_REQUEST'],
    ['no signature', { message: undated.message }, 'ERR_INVALID_REQUEST'],
    ['an empty signature', { ...undated, signature: '' }, 'ERR_INVALID_REQUEST'],
    [
      'a signature in base64',
      { ...undated, signature: 'MEQCIELB0vzqnHgqmEvC3A7SJ8+b7d1+twERQ6cKOP0=' },
      'ERR_INVALID_REQUEST',
    ],
    ['bytes that are none', { ...undated, signature: [48, 256] }, 'ERR_INVALID_REQUEST'],
    ['a signature too long', { ...undated, signature: Array(73).fill(1) }, 'ERR_INVALID_REQUEST'],
    ['one date', { signature: dated.signature, domain: origin, issuedAtMs: 1 }, 'ERR_INVALID_REQUEST'],
    [
      'a date as text',
      { signature: dated.signature, domain: origin, issuedAtMs: '1', expiresAtMs: 2 },
      'ERR_INVALID_REQUEST',
    ],
    ['a regex of a number', { domain: origin, regex: 5, signature: undated.signature }, 'ERR_INVALID_REQUEST'],
    ['a host key that is none', { domain: origin, hostKey: 'x', signature: undated.signature }, 'ERR_INVALID_REQUEST'],
    ['an endless message', { ...undated, message: 'x'.repeat(1001) }, 'ERR_INVALID_REQUEST'],
    ['a message of other words', { ...undated, message: 'I authorise you' }, 'ERR_INVALID_AUTHORIZATION'],
    ['a message without a regex', { ...undated, message: `${host.key} ${origin}` }, 'ERR_INVALID_AUTHORIZATION'],
    ['two blanks', { ...undated, message: undated.message.replace(' ', '  ') }, 'ERR_INVALID_AUTHORIZATION'],
    [
      'a key in capitals',
      { ...undated, message: undated.message.replace(host.key, host.key.toUpperCase()) },
      'ERR_INVALID_AUTHORIZATION',
    ],
    [
      'a message that the fields contradict',
      { ...undated, domain: 'https://other.example' },
      'ERR_INVALID_AUTHORIZATION',
    ],
    [
      'a message for another key than the field',
      { ...undated, domain: origin, hostKey: stranger.key },
      'ERR_INVALID_AUTHORIZATION',
    ],
    ['a key that contradicts the message', { ...undated, hostKey: stranger.key }, 'ERR_INVALID_AUTHORIZATION'],
    ['a regex that contradicts the message', { ...undated, regex: 'x' }, 'ERR_INVALID_AUTHORIZATION'],
    ['dates that the message lacks', { ...undated, ...phip2Dates }, 'ERR_INVALID_AUTHORIZATION'],
  ]
  for (const [name, json, code] of refused) {
    it(`refuses ${name} with ${code}`, () => expect(refusal(() => parse(json))).to.equal(code))
  }
})

describe('parseRevokeRouting', () => {
  const bodies: [string, unknown, string | null][] = [
    ['no body', undefined, null],
    ['an empty body', {}, null],
    ['the key of this host', { hostKey: host.key }, null],
    ['the key of another', { hostKey: stranger.key }, 'ERR_NOT_AUTHORIZED'],
    ['a key that is none', { hostKey: 5 }, 'ERR_INVALID_REQUEST'],
    ['a form of later versions', { from: host.key, to: stranger.key, atMs: 1 }, 'ERR_INVALID_REQUEST'],
    ['a list', [], 'ERR_INVALID_REQUEST'],
  ]
  for (const [name, json, code] of bodies) {
    it(`${code === null ? 'takes' : 'refuses'} ${name}`, () =>
      expect(refusal(() => parseRevokeRouting(json, { hostKey: host.key }))).to.equal(code))
  }
})
