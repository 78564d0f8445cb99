import { createHash, hash } from 'node:crypto'
import secp256k1 from 'secp256k1/bindings.js'
import { decodeDer, encodeDer } from './signature-der.ts'

/** A point as 65 bytes, `04 x y`. Kept in this form because reading 33 bytes costs a square root each time. */
export type Point = Uint8Array

/** Of SHA-256. */
const blockBytes = 64
/**
 * For one call at a time, none of which waits: whatever is handed to libsecp256k1 or to a hash is given memory of its own outside
 * the heap, which costs as much as a hash, unless it is part of something larger that has it.
 */
const scratch = {
  hmac: Buffer.allocUnsafe(blockBytes + 32),
  privateKey: Buffer.allocUnsafe(32),
  signature: Buffer.allocUnsafe(64),
  scalar: Buffer.allocUnsafe(32),
}
const scratchR = scratch.signature.subarray(0, 32)
const orderHex = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'
const order = BigInt(`0x${orderHex}`)

/** The generator: the public key of `anyone` (BRC-43), whose private key is 1. */
export const anyoneKeyHex = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'

/** @throws {Error} when `text` is no public key in hexadecimal, compressed or not, on the curve */
export function parsePoint(text: string): Point {
  if (!/^(?:[0-9a-f]{2})+$/i.test(text)) throw new Error('Invalid hex string')
  const bytes = Buffer.from(text, 'hex')
  if (bytes.length !== 33 && bytes.length !== 65) throw new Error('Unknown point format')
  try {
    return secp256k1.publicKeyConvert(bytes, false)
  } catch (cause) {
    throw new Error('Invalid point', { cause })
  }
}

/** The 33 bytes of a point, `02` or `03` by the parity of y, then x. */
export function compressPoint(point: Point): Uint8Array {
  const compressed = point.slice(0, 33)
  compressed[0] = 2 + ((point[64] ?? 0) & 1)
  return compressed
}

export function publicKeyOf(privateKey: Uint8Array): Point {
  return secp256k1.publicKeyCreate(privateKey, false)
}

/** `point` times `privateKey`, 33 bytes, in time that does not depend on the key. */
export function sharedPoint(point: Point, privateKey: Uint8Array): Uint8Array {
  const shared = new Uint8Array(33)
  const hashfn = (x: Uint8Array, y: Uint8Array) => {
    shared[0] = 2 + ((y[31] ?? 0) & 1)
    shared.set(x, 1)
    return shared
  }
  return secp256k1.ecdh(point, privateKey, { hashfn }, new Uint8Array(33))
}

/** What BRC-42 adds to a key: HMAC-SHA256 of the invoice number under the shared point, 32 bytes. */
export function childTweak(shared: Uint8Array, invoice: string): Uint8Array {
  return hmacSha256(shared, invoice)
}

/**
 * HMAC-SHA256 with a key of at most 64 bytes, of text in UTF-8 or of bytes: 32 bytes. Of two hashes (RFC 2104): `createHmac` makes an object that
 * the garbage collector must end, which costs as much again. @throws {RangeError} for a longer key
 */
export function hmacSha256(key: Uint8Array, data: string | Uint8Array): Uint8Array {
  if (key.length > blockBytes) throw new RangeError('the key has more than 64 bytes')
  const inner = Buffer.allocUnsafe(blockBytes + Buffer.byteLength(data))
  for (let at = 0; at < blockBytes; at++) {
    const byte = key[at] ?? 0
    inner[at] = byte ^ 0x36
    scratch.hmac[at] = byte ^ 0x5c
  }
  if (typeof data === 'string') inner.write(data, blockBytes)
  else inner.set(data, blockBytes)
  scratch.hmac.write(hash('sha256', inner, 'binary'), blockBytes, 'latin1')
  return sha256(scratch.hmac)
}

export function childPrivateKey(privateKey: Uint8Array, tweak: Uint8Array): Uint8Array {
  return secp256k1.privateKeyTweakAdd(new Uint8Array(privateKey), tweak)
}

export function childPublicKey(point: Point, tweak: Uint8Array): Point {
  return secp256k1.publicKeyTweakAdd(point, tweak, false)
}

/** `a + scalar * b`. @throws {Error} when the scalar is zero or too large, or the sum is no point */
export function addMultiple(a: Point, scalar: Uint8Array, b: Point): Point {
  return secp256k1.publicKeyCombine([a, secp256k1.publicKeyTweakMul(b, scalar, false)], false)
}

/** `point` times `scalar`, for what is no secret. @throws {Error} when the scalar is zero or too large */
export function multiplyPoint(point: Point, scalar: Uint8Array): Point {
  return secp256k1.publicKeyTweakMul(point, scalar, false)
}

/** `a * b + c` modulo the order; none of them zero. */
export function multiplyAdd(a: Uint8Array, b: Uint8Array, c: Uint8Array): Uint8Array {
  return secp256k1.privateKeyTweakAdd(secp256k1.privateKeyTweakMul(new Uint8Array(a), b), c)
}

/** The SHA-256 of `data`, or of text in UTF-8. By way of text: a digest asked for as a buffer has memory of its own outside the heap. */
export function sha256(data: Uint8Array | string): Uint8Array {
  return Buffer.from(hash('sha256', data, 'binary'), 'latin1')
}

/** The SHA-256 of `head` and what stands behind it, which is not copied for that: of something long a copy costs a fifth of the hash. */
export function sha256OfBoth(head: Uint8Array, rest: Uint8Array): Uint8Array {
  return Buffer.from(createHash('sha256').update(head).update(rest).digest('binary'), 'latin1')
}

/** {@link sha256} as 64 hexadecimal digits. */
export function sha256Hex(data: Uint8Array | string): string {
  return hash('sha256', data, 'hex')
}

/**
 * A number of at most 256 bits as 32 bytes below the order; null when it is larger. A hash to be signed directly may have
 * any length.
 */
export function scalarOf(bytes: ArrayLike<number>): Uint8Array | null {
  const scalar = new Uint8Array(32)
  const spare = bytes.length - 32
  for (let at = 0; at < spare; at++) if (bytes[at] !== 0) return null
  for (let at = Math.max(0, spare); at < bytes.length; at++) scalar[at - spare] = bytes[at] ?? 0
  // Half of the order's bytes are ff: only a number that begins so can be too large.
  if (scalar[0] !== 0xff || scalar[7] !== 0xff) return scalar
  const value = BigInt(`0x${Buffer.from(scalar).toString('hex')}`)
  return value < order ? scalar : Buffer.from((value - order).toString(16).padStart(64, '0'), 'hex')
}

/** A DER signature under the child key `privateKey + tweak`, with deterministic nonce (RFC 6979) and low s. `scalar` is below the order. */
export function signAsChild(scalar: Uint8Array, privateKey: Uint8Array, tweak: Uint8Array): Buffer {
  scratch.privateKey.set(privateKey)
  secp256k1.privateKeyTweakAdd(scratch.privateKey, tweak)
  secp256k1.ecdsaSign(scalar, scratch.privateKey, undefined, scratch.signature)
  scratch.privateKey.fill(0)
  return encodeDer(scratch.signature)
}

/**
 * Whether `signature` (DER) over `scalar` verifies under the child key `point + tweak * G`, or under `point` when `tweak`
 * is null. Takes high s too, as the SDK does. Never throws.
 */
export function verify(
  scalar: Uint8Array,
  signature: ArrayLike<number>,
  point: Point,
  tweak: Uint8Array | null,
): boolean {
  const compact = decodeDer(signature, scratch.signature)
  if (typeof compact === 'string') return false
  try {
    if ((compact[32] ?? 0) >= 0x7f) secp256k1.signatureNormalize(compact)
    if (tweak === null) return secp256k1.ecdsaVerify(compact, scalar, point)
    return secp256k1.ecdsaVerify(compact, shiftedScalar(scalar, tweak), point)
  } catch {
    return verifyUnderChild(scalar, compact, point, tweak)
  }
}

/**
 * The number that verifies under `point` exactly when `scalar` does under `point + tweak * G`. With w = 1/s the verifier
 * computes z*w*G + r*w*(P + t*G) = (z + r*t)*w*G + r*w*P, so checking z + r*t under P saves the child point (28 of 68 us).
 */
function shiftedScalar(scalar: Uint8Array, tweak: Uint8Array): Uint8Array {
  scratch.scalar.set(tweak)
  return secp256k1.privateKeyTweakAdd(secp256k1.privateKeyTweakMul(scratch.scalar, scratchR), scalar)
}

/** The plain way, for numbers that the sums of {@link shiftedScalar} do not take (zero, for one). */
function verifyUnderChild(scalar: Uint8Array, compact: Uint8Array, point: Point, tweak: Uint8Array | null): boolean {
  try {
    return secp256k1.ecdsaVerify(compact, scalar, tweak === null ? point : childPublicKey(point, tweak))
  } catch {
    return false
  }
}
