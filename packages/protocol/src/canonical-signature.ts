const halfOrder = hexConstant('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0')
const order = hexConstant('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141')

/**
 * Whether `der` is the one encoding of a secp256k1 signature that we take: strict DER without spare bytes, r and s from 1 to
 * n - 1, and s in the lower half. Libraries differ on the rest, and nodes must agree on which tokens are valid.
 */
export function isCanonicalSignature(der: Uint8Array): boolean {
  if (der.length < 8 || der.length > 72 || der[0] !== 0x30 || der[1] !== der.length - 2) return false
  const r = readInteger(der, 2)
  if (r === null || !isBelow(r.value, order)) return false
  const s = readInteger(der, r.end)
  return s !== null && s.end === der.length && (isBelow(s.value, halfOrder) || isEqual(s.value, halfOrder))
}

/** A positive integer in its shortest form, its sign byte left out. */
function readInteger(der: Uint8Array, start: number): { value: Uint8Array; end: number } | null {
  const length = der[start + 1]
  if (der[start] !== 0x02 || length === undefined || length === 0) return null
  const end = start + 2 + length
  const first = der[start + 2]
  if (end > der.length || first === undefined || first >= 0x80) return null
  if (first !== 0) return { value: der.subarray(start + 2, end), end }
  if (length === 1 || (der[start + 3] ?? 0) < 0x80) return null
  return { value: der.subarray(start + 3, end), end }
}

/** Both big-endian without leading zeros. */
function isBelow(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return a.length < b.length
  const at = a.findIndex((byte, index) => byte !== b[index])
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0)
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}

function hexConstant(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16))
}
