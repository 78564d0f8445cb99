import { bytesToHex, hexToBytes, type IdentityKey } from '@overpost/protocol'
import { addMultiple, parsePoint, publicKeyOf, scalarOf, verify } from '../curve.ts'
import { decodeDer, encodeDer } from '../signature-der.ts'
import type { SeededRandom } from './seeded-random.ts'

/** A signature, with a scalar that makes BRC-34's check of a bare `keyLinkage` take it (phip.md section 7). */
export interface LinkageForgery {
  readonly signatureHex: string
  readonly keyLinkage: string
}

const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

/** From one genuine signature over `digest` under the sender's key plus `linkage`, another text's. */
export function forgeryFromSignature(
  genuine: { readonly signatureHex: string; readonly digest: Uint8Array; readonly linkage: Uint8Array },
  digest: Uint8Array,
): LinkageForgery {
  const { r } = numbersOf(genuine.signatureHex)
  const difference = modulo(numberOf(genuine.digest) - numberOf(digest))
  const linkage = modulo(numberOf(genuine.linkage) + difference * inverse(r))
  return { signatureHex: genuine.signatureHex, keyLinkage: bytesToHex(bytesOf(linkage)) }
}

/** From nothing but the sender's public key. */
export function forgeryFromKey(sender: IdentityKey, digest: Uint8Array, random: SeededRandom): LinkageForgery {
  const [a, b] = [modulo(numberOf(random.bytes(32))), modulo(numberOf(random.bytes(32)))]
  const point = addMultiple(publicKeyOf(bytesOf(a)), bytesOf(b), parsePoint(sender))
  const r = modulo(numberOf(point.subarray(1, 33)))
  const s = modulo(r * inverse(b))
  const linkage = modulo((a * s - numberOf(digest)) * inverse(r))
  const lowS = s > order / 2n ? order - s : s
  const signature = encodeDer(Uint8Array.from([...bytesOf(r), ...bytesOf(lowS)]))
  return { signatureHex: bytesToHex(signature), keyLinkage: bytesToHex(bytesOf(linkage)) }
}

/** What BRC-34's check says: the signature verifies under the sender's key plus whatever scalar came along. */
export function isTakenByBareCheck(sender: IdentityKey, digest: Uint8Array, forgery: LinkageForgery): boolean {
  const signature = hexToBytes(forgery.signatureHex)
  const linkage = hexToBytes(forgery.keyLinkage)
  const scalar = scalarOf(digest)
  return signature !== null && scalar !== null && verify(scalar, signature, parsePoint(sender), linkage)
}

function numbersOf(signatureHex: string): { r: bigint; s: bigint } {
  const compact = decodeDer(hexToBytes(signatureHex) ?? [])
  if (typeof compact === 'string') throw new Error(compact)
  return { r: numberOf(compact.subarray(0, 32)), s: numberOf(compact.subarray(32)) }
}

function numberOf(bytes: ArrayLike<number>): bigint {
  return BigInt(`0x${bytesToHex(Uint8Array.from(bytes))}`)
}

function bytesOf(number: bigint): Uint8Array {
  return hexToBytes(number.toString(16).padStart(64, '0')) ?? new Uint8Array(32)
}

function modulo(number: bigint): bigint {
  return ((number % order) + order) % order
}

/** By Fermat. */
function inverse(number: bigint): bigint {
  let result = 1n
  let base = modulo(number)
  for (let exponent = order - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = modulo(result * base)
    base = modulo(base * base)
  }
  return result
}
