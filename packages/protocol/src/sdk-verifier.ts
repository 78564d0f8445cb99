import { BigNumber, ECDSA, Hash, KeyDeriver, Signature, type PublicKey } from '@bsv/sdk'
import { isCanonicalSignature } from './canonical-signature.ts'
import { bytesToHex } from './hex.ts'
import { walletKey, type KeyName } from './names.ts'
import type { IdentityKey } from './scalars.ts'
import type { Hasher, SignatureVerifier } from './signature-verifier.ts'

/** SHA-256 of `@bsv/sdk`, in JavaScript: for browsers, tests and the rare call. */
export const sdkHasher: Hasher = {
  sha256: (data) => Uint8Array.from(Hash.sha256(typeof data === 'string' ? new TextEncoder().encode(data) : data)),
  sha256Hex: (data) => bytesToHex(sdkHasher.sha256(data)),
}

/** A verifier on `@bsv/sdk`. It keeps the last `maxKeys` derived keys, since deriving one costs as much as a signature. */
export function sdkSignatureVerifier({ maxKeys = 1000 }: { maxKeys?: number } = {}): SignatureVerifier {
  const anyone = new KeyDeriver('anyone')
  const derivedKeys = new Map<string, PublicKey | null>()

  function derivedKey(signer: IdentityKey, key: KeyName): PublicKey | null {
    const name = `${key.protocolID[0]} ${key.protocolID[1]} ${key.keyID} ${signer}`
    const known = derivedKeys.get(name)
    const derived = known === undefined ? derive(signer, key) : known
    derivedKeys.delete(name)
    derivedKeys.set(name, derived)
    const oldest = derivedKeys.keys().next()
    if (derivedKeys.size > maxKeys && oldest.done !== true) derivedKeys.delete(oldest.value)
    return derived
  }

  function derive(signer: IdentityKey, key: KeyName): PublicKey | null {
    const { protocolID, keyID } = walletKey(key)
    try {
      return anyone.derivePublicKey(protocolID, keyID, signer)
    } catch {
      return null // the SDK throws for a key that is not on the curve
    }
  }

  const verifyDigest: SignatureVerifier['verifyDigest'] = (signer, key, digest, signature) => {
    if (!isCanonicalSignature(signature)) return false
    const derived = derivedKey(signer, key)
    if (derived === null) return false
    return ECDSA.verify(new BigNumber(Array.from(digest)), Signature.fromDER(Array.from(signature)), derived)
  }

  return {
    ...sdkHasher,
    publicKey(signer, key) {
      const derived = derivedKey(signer, key)
      return derived === null ? null : Uint8Array.from(derived.encode(true) as number[])
    },
    verify: (signer, key, data, signature) => verifyDigest(signer, key, sdkHasher.sha256(data), signature),
    verifyDigest,
  }
}
