import { isCanonicalSignature, type IdentityKey, type KeyName, type SignatureVerifier } from '@overpost/protocol'
import { childPublicKey, childTweak, compressPoint, parsePoint, sha256, verify, type Point } from './curve.ts'
import { invoiceNumber } from './invoice-number.ts'
import { LruCache } from './lru-cache.ts'

interface SignerKey {
  readonly point: Point
  readonly tweak: Uint8Array
  /** Made when first asked for: checking a signature does without it. */
  publicKey: Uint8Array | null
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
    if (cached !== undefined) return cached
    try {
      const point = parsePoint(signer)
      const tweak = childTweak(compressPoint(point), invoiceNumber(protocolID, keyID))
      const made = { point, tweak, publicKey: null }
      keys.set(cacheKey, made)
      return made
    } catch {
      return null
    }
  }

  const verifyDigest: SignatureVerifier['verifyDigest'] = (signer, key, digest, signature) => {
    if (!isCanonicalSignature(signature)) return false
    const found = find(signer, key)
    return found !== null && verify(digest, signature, found.point, found.tweak)
  }

  return {
    sha256,
    publicKey(signer, key) {
      const found = find(signer, key)
      if (found === null) return null
      found.publicKey ??= compressPoint(childPublicKey(found.point, found.tweak))
      return found.publicKey.slice()
    },
    verify: (signer, key, data, signature) => verifyDigest(signer, key, sha256(data), signature),
    verifyDigest,
  }
}
