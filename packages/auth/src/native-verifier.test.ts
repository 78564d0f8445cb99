import { sdkSignatureVerifier, envelopeKey, phipTokenKey, type IdentityKey } from '@overpost/protocol'
import { expect } from 'chai'
import { IdentityWallet } from './identity-wallet.ts'
import { nativeSignatureVerifier } from './native-verifier.ts'
import { SeededRandom } from './testing/seeded-random.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('the native verifier', () => {
  it('answers like the one of the SDK, over 300 random signatures, whole and altered', function () {
    this.timeout(30_000)
    const random = new SeededRandom(3)
    const native = nativeSignatureVerifier({ cacheEntries: 3 })
    const sdk = sdkSignatureVerifier()
    const wallets = [1, 2, 3].map(() => new IdentityWallet(hex(Uint8Array.from(random.bytes(32)))))
    for (let round = 0; round < 300; round++) {
      const { identityKey, ...wallet } = { wallet: random.pick(wallets), identityKey: random.pick(wallets).identityKey }
      const key = random.pick([envelopeKey, phipTokenKey])
      const data = Uint8Array.from(random.bytes(random.below(300)))
      const signature = wallet.wallet.signFor('anyone', key, data)
      const at = random.below(signature.length)
      if (random.below(3) === 0) signature[at] = (signature[at] ?? 0) ^ (1 << random.below(8))
      expect(native.verify(identityKey, key, data, signature)).to.equal(sdk.verify(identityKey, key, data, signature))
      expect(native.publicKey(identityKey, key)).to.deep.equal(sdk.publicKey(identityKey, key))
      expect(hex(native.sha256(data))).to.equal(hex(sdk.sha256(data)))
    }
  })

  it('says no to a signer that is not on the curve', () => {
    const native = nativeSignatureVerifier()
    const signer = `02${'0'.repeat(63)}5` as IdentityKey
    const signature = new IdentityWallet('11'.repeat(32)).signFor('anyone', envelopeKey, new Uint8Array(0))
    expect(native.publicKey(signer, envelopeKey)).to.equal(null)
    expect(native.verify(signer, envelopeKey, new Uint8Array(0), signature)).to.equal(false)
  })
})
