import { expect } from 'chai'
import { bytesToHex } from './hex.ts'
import { envelopeKey, phipAuthorizationKey, phipTokenKey, walletKey } from './names.ts'
import type { IdentityKey } from './scalars.ts'
import { sdkSignatureVerifier } from './sdk-verifier.ts'
import { bytes, host, sender, user } from './testing/vectors.ts'

const offCurve = `02${'00'.repeat(31)}05` as IdentityKey

describe('sdkSignatureVerifier', () => {
  const keys = [
    [
      'a host locks its tokens',
      host.key,
      phipTokenKey,
      '03ea6b35f297c30d9d8f99d17c9b53b22ee6c5f0a72203756380ec1ddc9989eff7',
    ],
    [
      'a user authorises',
      user.key,
      phipAuthorizationKey,
      '03dd348353897068755cf63d8ffb4410a82f58c3e0bf670d163013b6b908b4e1f4',
    ],
    ['a sender signs', sender.key, envelopeKey, '0202ba68ca0e7f70509f8b6ee5540baf80083ff768fdd83fefdcd1f62c9f2e2cb6'],
  ] as const
  for (const [name, signer, key, expected] of keys) {
    it(`derives the key with which ${name}`, () => {
      const verifier = sdkSignatureVerifier({ maxKeys: 1 })
      expect(bytesToHex(verifier.publicKey(signer, key)!)).to.equal(expected)
      expect(bytesToHex(verifier.publicKey(signer, key)!)).to.equal(expected)
    })
  }

  it('reads key names in lower case', () => {
    const verifier = sdkSignatureVerifier()
    const key = verifier.publicKey(host.key, { protocolID: [2, 'PEERSERV host interconnect'], keyID: '1' })
    expect(bytesToHex(key!)).to.equal(keys[0][3])
  })

  it('says null and false for a key that is not on the curve', () => {
    const verifier = sdkSignatureVerifier()
    for (let round = 0; round < 2; round += 1) {
      expect(verifier.publicKey(offCurve, envelopeKey)).to.equal(null)
      expect(verifier.verify(offCurve, envelopeKey, bytes('00'), bytes('3006020101020101'))).to.equal(false)
    }
  })

  it('takes a signature for its data, signer and key only, and no other form of it', async () => {
    const verifier = sdkSignatureVerifier({ maxKeys: 2 })
    const data = bytes('010203')
    const made = await user.wallet.createSignature({
      ...walletKey(envelopeKey),
      counterparty: 'anyone',
      data: [1, 2, 3],
    })
    const signature = Uint8Array.from(made.signature)
    expect(verifier.verify(user.key, envelopeKey, data, signature)).to.equal(true)
    expect(verifier.verify(user.key, envelopeKey, bytes('010204'), signature)).to.equal(false)
    expect(verifier.verify(host.key, envelopeKey, data, signature)).to.equal(false)
    expect(verifier.verify(user.key, phipTokenKey, data, signature)).to.equal(false)
    expect(verifier.verify(user.key, envelopeKey, data, Uint8Array.from([...signature, 0]))).to.equal(false)
    expect(verifier.verify(user.key, envelopeKey, data, new Uint8Array())).to.equal(false)
    expect(bytesToHex(verifier.sha256(new Uint8Array())).slice(0, 8)).to.equal('e3b0c442')
  })
})
