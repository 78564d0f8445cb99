import type { KeyName } from './names.ts'
import type { IdentityKey } from './scalars.ts'

/** SHA-256, as a parameter: hosts pass Node's, which is native, browsers `sdkHasher`. */
export interface Hasher {
  /** 32 bytes. Text is hashed in UTF-8. Keeps nothing of `data`. */
  sha256(data: Uint8Array | string): Uint8Array
  /** The same as 64 hexadecimal digits. */
  sha256Hex(data: Uint8Array | string): string
}

/**
 * Checks what was signed with a BRC-42 key for counterparty `anyone`, so that everybody can check it. A parameter of every
 * verification here: hosts pass one on libsecp256k1, browsers the one of the SDK. Both are synchronous, never throw, and
 * answer alike on every input.
 */
export interface SignatureVerifier extends Hasher {
  /** The compressed public key (33 bytes) with which `signer` signs for anyone; null when `signer` is not on the curve. */
  publicKey(signer: IdentityKey, key: KeyName): Uint8Array | null
  /**
   * Whether `signature` (DER) over the SHA-256 of `data` verifies under {@link publicKey}. False for whatever
   * `isCanonicalSignature` refuses.
   */
  verify(signer: IdentityKey, key: KeyName, data: Uint8Array, signature: Uint8Array): boolean
  /** As {@link verify}, of what was hashed already: `digest` is the SHA-256 of the data. */
  verifyDigest(signer: IdentityKey, key: KeyName, digest: Uint8Array, signature: Uint8Array): boolean
}
