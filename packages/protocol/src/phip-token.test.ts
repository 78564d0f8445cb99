import { PushDrop } from '@bsv/sdk'
import { expect } from 'chai'
import { bytesToHex } from './hex.ts'
import { phipAuthorizationKey, phipTokenKey, walletKey } from './names.ts'
import { authorizationText, signAuthorization, verifyAuthorization, type RoutingTerms } from './phip-authorization.ts'
import {
  createPhipTokenScript,
  decodePhipToken,
  phipAuthorization,
  verifyPhipToken,
  type PhipVerification,
} from './phip-token.ts'
import { decodePushDrop, encodePushDrop } from './pushdrop-script.ts'
import type { IdentityKey } from './scalars.ts'
import { sdkSignatureVerifier } from './sdk-verifier.ts'
import { bytes, host, origin, phip2Dates, phip2Script, phipScript, stranger, user } from './testing/vectors.ts'
import { concatFields, encodeText } from './token-fields.ts'

const verifier = sdkSignatureVerifier()
const terms: RoutingTerms = { userKey: user.key, hostKey: host.key, origin, pattern: null, dates: null }
const offCurve = `02${'00'.repeat(31)}05`

function verify(script: Uint8Array, policy: Partial<PhipVerification> = {}) {
  return verifyPhipToken(script, { verifier, allowHttp: false, ...policy })
}

async function tokenOf(changes: Partial<RoutingTerms> = {}): Promise<Uint8Array> {
  return createPhipTokenScript(host.wallet, await signAuthorization(user.wallet, { ...terms, ...changes }))
}

/** A token whose fields the host changed and signed anew. */
async function resigned(script: Uint8Array, change: (fields: Uint8Array[]) => Uint8Array[]): Promise<Uint8Array> {
  const { lockingKey, fields } = decodePushDrop(script)!
  const changed = change(fields.slice(0, -1))
  const { signature } = await host.wallet.createSignature({
    ...walletKey(phipTokenKey),
    counterparty: 'anyone',
    data: Array.from(concatFields(changed)),
  })
  return encodePushDrop(lockingKey, [...changed, Uint8Array.from(signature)])
}

const replaced = (at: number, field: Uint8Array | string) => (fields: Uint8Array[]) =>
  fields.with(at, typeof field === 'string' ? encodeText(field) : field)

describe('PHIP and PHIP2 tokens', () => {
  it('are made as in the vectors, byte for byte, again and again', async () => {
    expect(bytesToHex(await tokenOf())).to.equal(bytesToHex(phipScript))
    expect(bytesToHex(await tokenOf({ dates: phip2Dates }))).to.equal(bytesToHex(phip2Script))
    expect(phipScript.length).to.equal(275)
    expect(phip2Script.length).to.equal(296)
  })

  it('are made as the PushDrop template of the SDK makes them', async () => {
    const { lockingKey, fields } = decodePushDrop(phip2Script)!
    const theirs = await new PushDrop(host.wallet as never).lock(
      fields.slice(0, -1).map((field) => Array.from(field)),
      phipTokenKey.protocolID as [2, string],
      phipTokenKey.keyID,
      'anyone',
      true,
    )
    expect(theirs.toHex()).to.equal(bytesToHex(phip2Script))
    expect(lockingKey.length).to.equal(33)
  })

  it('verify and decode as in the vectors', () => {
    const token = { hostKey: host.key, origin, userKey: user.key, pattern: null }
    const phip = { ...token, kind: 'PHIP', dates: null, userSignature: phipScript.slice(131, 201) }
    expect(verify(phipScript)).to.deep.equal({ token: phip })
    expect(decodePhipToken(phipScript)).to.deep.equal(phip)
    const phip2 = { ...token, kind: 'PHIP2', dates: phip2Dates, userSignature: phip2Script.slice(132, 203) }
    expect(verify(phip2Script)).to.deep.equal({ token: phip2 })
    expect(decodePhipToken(phip2Script)).to.deep.equal(phip2)
  })

  it('carry what the user signed', () => {
    const authorization = phipAuthorization(decodePhipToken(phipScript)!)
    expect(authorizationText(authorization)).to.equal(
      '02466d7fcae563e5cb09a0d1870bb580344804617879a14949cf22285f1bae3f27 https://relay.example ALL',
    )
    expect(verifyAuthorization(authorization, verifier)).to.equal(true)
    expect(authorizationText({ ...authorization, dates: phip2Dates })).to.equal(
      '02466d7fcae563e5cb09a0d1870bb580344804617879a14949cf22285f1bae3f27 https://relay.example ALL 1700000000000 1707776000000',
    )
  })

  const variants: [string, Partial<RoutingTerms>][] = [
    ['a pattern', { pattern: '^inbox$' }],
    ['a pattern and dates', { pattern: '^(a b|c)$', dates: phip2Dates }],
    ['a pattern of one character', { pattern: '.' }],
    ['a port', { origin: 'https://relay.example:8443' }],
    ['the bare domain of BRC-34', { origin: 'peerserv.babbage.systems' }],
    ['dates that no clock would take', { dates: { issuedAtMs: 5, expiresAtMs: 3 } }],
  ]
  for (const [name, changes] of variants) {
    it(`round-trip with ${name}`, async () => {
      const script = await tokenOf(changes)
      const result = verify(script)
      expect(result)
        .to.have.property('token')
        .that.deep.includes({ ...terms, ...changes })
      expect(decodePhipToken(script)).to.deep.include({ ...terms, ...changes })
    })
  }

  it('lead to http only where that is allowed', async () => {
    const script = await tokenOf({ origin: 'http://127.0.0.1:8080' })
    expect(verify(script)).to.have.property('step', 4)
    expect(verify(script, { allowHttp: true })).to.have.property('token')
    expect(decodePhipToken(script)).not.to.equal(null)
  })

  it('are not made by a wallet that is not the host', async () => {
    const authorization = await signAuthorization(user.wallet, terms)
    const error = await createPhipTokenScript(stranger.wallet, authorization).catch((reason: unknown) => reason)
    expect(error).to.be.instanceOf(RangeError)
  })
})

describe('verifyPhipToken refuses', () => {
  const patched = (at: number, byte: number) => phipScript.with(at, byte)
  const hexPatched = (from: string, to: string) => bytes(bytesToHex(phipScript).replace(from, to))

  const faults: [name: string, step: number, script: () => Uint8Array | Promise<Uint8Array>][] = [
    ['OP_RETURN in place of OP_CHECKSIG', 1, () => patched(34, 0x6a)],
    ['OP_DROP in place of OP_CHECKSIG', 1, () => patched(34, 0x75)],
    ['a push longer than needed', 1, () => hexPatched('ac0450484950', 'ac4c0450484950')],
    ['a drop too few', 1, () => phipScript.slice(0, -1)],
    ['an opcode more', 1, () => Uint8Array.from([...phipScript, 0x51])],
    ['nothing', 1, () => new Uint8Array()],
    ['no token signature', 1, () => encodePushDrop(new Uint8Array(33), decodePushDrop(phipScript)!.fields.slice(0, 5))],
    ['a PHIP with two fields more', 1, () => resigned(phipScript, (f) => [...f, encodeText('x1'), encodeText('x2')])],
    ['a PHIP2 with two fields more', 1, () => resigned(phip2Script, (f) => [...f, encodeText('x1'), encodeText('x2')])],
    ['a PHIP2 without dates', 1, () => resigned(phipScript, replaced(0, 'PHIP2'))],
    ['another identifier', 2, () => resigned(phipScript, replaced(0, 'SHIP'))],
    ['an identifier in lower case', 2, () => resigned(phipScript, replaced(0, 'phip'))],
    ['an identifier that is not UTF-8', 2, () => resigned(phipScript, replaced(0, bytes('ff5048')))],
    ['an identifier after a byte order mark', 2, () => resigned(phipScript, replaced(0, '\ufeffPHIP'))],
    ['a host key of 32 bytes', 3, () => resigned(phipScript, replaced(1, new Uint8Array(32).fill(2)))],
    ['a host key as text', 3, () => resigned(phipScript, replaced(1, host.key))],
    ['a host key that is not on the curve', 3, () => resigned(phipScript, replaced(1, bytes(offCurve)))],
    ['a user key that is not on the curve', 3, () => resigned(phipScript, replaced(3, bytes(offCurve)))],
    ['a user key with another first byte', 3, () => resigned(phipScript, replaced(3, bytes(`05${user.key.slice(2)}`)))],
    ['an origin with a slash', 4, () => tokenOf({ origin: `${origin}/` })],
    ['an origin with a path', 4, () => tokenOf({ origin: `${origin}/relay` })],
    ['an origin in capitals', 4, () => tokenOf({ origin: 'https://Relay.example' })],
    ['a default port', 4, () => tokenOf({ origin: `${origin}:443` })],
    ['http', 4, () => tokenOf({ origin: 'http://relay.example' })],
    ['an origin that is not UTF-8', 4, () => resigned(phipScript, replaced(2, bytes('ffff')))],
    ['the pattern ALL', 5, () => tokenOf({ pattern: 'ALL' })],
    ['a pattern of 129 characters', 5, () => tokenOf({ pattern: 'a'.repeat(129) })],
    ['a pattern that does not compile', 5, () => tokenOf({ pattern: '(' })],
    ['a pattern that is not UTF-8', 5, () => resigned(phipScript, (f) => [...f, bytes('ffff')])],
    ['dates of 15 bytes', 5, () => resigned(phip2Script, replaced(5, new Uint8Array(15).fill(1)))],
    ['dates beyond all numbers', 5, () => resigned(phip2Script, replaced(5, new Uint8Array(16).fill(0xff)))],
    ['another host key', 6, () => resigned(phipScript, replaced(1, bytes(stranger.key)))],
    [
      'a locking key of somebody else',
      6,
      () => encodePushDrop(bytes(stranger.key), decodePushDrop(phipScript)!.fields),
    ],
    [
      'the host identity key itself as the lock',
      6,
      () => encodePushDrop(bytes(host.key), decodePushDrop(phipScript)!.fields),
    ],
    ['another origin', 7, () => hexPatched('72656c6179', '72656c6180'.replace('80', '7a'))],
    ['a flipped bit in the token signature', 7, () => patched(260, phipScript[260]! ^ 1)],
    [
      'bytes moved from one field to the next',
      7,
      async () => {
        const { lockingKey, fields } = decodePushDrop(await tokenOf({ pattern: 'ab' }))!
        return encodePushDrop(lockingKey, [...fields.slice(0, -1), fields.at(-1)!.slice(0, -1)])
      },
    ],
    ['an origin that the user did not sign', 8, () => resigned(phipScript, replaced(2, 'https://other.example'))],
    ['a pattern that the user did not sign', 8, () => resigned(phipScript, (f) => [...f, encodeText('^inbox$')])],
    ['a user who did not sign', 8, () => resigned(phipScript, replaced(3, bytes(stranger.key)))],
    [
      "a stranger's signature for the user's",
      8,
      () =>
        signAuthorization(stranger.wallet, terms).then((authorization) =>
          createPhipTokenScript(host.wallet, authorization),
        ),
    ],
    [
      'dates that the user did not sign',
      8,
      () => resigned(phip2Script, replaced(5, bytes('0000000000000001'.repeat(2)))),
    ],
    [
      'an undated signature in a dated token',
      8,
      async () => {
        const { signature } = await user.wallet.createSignature({
          ...walletKey(phipAuthorizationKey),
          counterparty: 'anyone',
          data: Array.from(encodeText(authorizationText({ ...terms, dates: phip2Dates }))),
        })
        const authorization = { ...terms, dates: phip2Dates, signature: Uint8Array.from(signature) }
        return createPhipTokenScript(host.wallet, authorization)
      },
    ],
  ]
  for (const [name, step, script] of faults) {
    it(`${name} (step ${step})`, async () => {
      const result = verify(await script())
      expect(result).to.have.property('step', step)
      expect(result).to.have.property('fault').that.is.a('string')
    })
  }

  it('whom the operator blocks (step 9), and only then', () => {
    const isBlocked = (blocked: IdentityKey) => (token: { hostKey: IdentityKey }) => token.hostKey === blocked
    expect(verify(phipScript, { isBlocked: isBlocked(host.key) })).to.have.property('step', 9)
    expect(verify(phipScript, { isBlocked: isBlocked(stranger.key) })).to.have.property('token')
  })
})
