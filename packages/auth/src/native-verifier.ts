import {
  isCanonicalSignature,
  type Hasher,
  type IdentityKey,
  type KeyName,
  type SignatureVerifier,
} from '@overpost/protocol'
import {
  childPublicKey,
  childTweak,
  compressPoint,
  parsePoint,
  sha256,
  sha256Hex,
  verify,
  type Point,
} from './curve.ts'
import { invoiceNumber } from './invoice-number.ts'
import { LruCache } from './lru-cache.ts'

/** SHA-256 of Node. */
export const nativeHasher: Hasher = { sha256, sha256Hex }

interface SignerKey {
  readonly point: Point
  readonly tweak: Uint8Array
  /** Made at the second use: one signature is checked faster without it, many faster with it. */
  child: Point | null
  uses: number
}

/**
 * A {@link SignatureVerifier} on libsecp256k1. Keeps the last `cacheEntries` pairs of signer and key. Between a signer and
 * `anyone` (private key 1) the shared point is the signer's own key, so no secret is needed and nothing is multiplied.
 */
export function nativeSignatureVerifier({ cacheEntries = 10_000 }: { cacheEntries?: number } = {}): SignatureVerifier {
  const keys = new LruCache<string, SignerKey>(cacheEntries)

  const find = (signer: IdentityKey, { protocolID, keyID }: KeyName): SignerKey | null => {
    const cacheKey = `${signer} ${protocolID[0]}-${protocolID[1]}-${keyID}`
    const cached = keys.get(cacheKey)
    try {
      if (cached !== undefined) {
        cached.uses += 1
        if (cached.uses > 1) cached.child ??= childPublicKey(cached.point, cached.tweak)
        return cached
      }
      const point = parsePoint(signer)
      const tweak = childTweak(compressPoint(point), invoiceNumber(protocolID, keyID))
      const made = { point, tweak, child: null, uses: 0 }
      keys.set(cacheKey, made)
      return made
    } catch {
      return null
    }
  }

  const verifyDigest: SignatureVerifier['verifyDigest'] = (signer, key, digest, signature) => {
    if (!isCanonicalSignature(signature)) return false
    const found = find(signer, key)
    if (found === null) return false
    const { point, tweak, child } = found
    return child === null ? verify(digest, signature, point, tweak) : verify(digest, signature, child, null)
  }

  return {
    ...nativeHasher,
    publicKey(signer, key) {
      const found = find(signer, key)
      if (found === null) return null
      found.child ??= childPublicKey(found.point, found.tweak)
      return compressPoint(found.child)
    },
    verify: (signer, key, data, signature) => verifyDigest(signer, key, sha256(data), signature),
    verifyDigest,
  }
}
