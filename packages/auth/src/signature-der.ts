/** An ECDSA signature as 64 bytes, r then s, big-endian. */
export type CompactSignature = Uint8Array

/**
 * Reads a DER signature exactly as leniently as @bsv/sdk 2.1.0 does: `malformed` where it throws, `out of range` where a
 * number needs more than 32 bytes (no key verifies it). `compact` is filled and returned: 64 bytes.
 */
export function decodeDer(
  der: ArrayLike<number>,
  compact: CompactSignature = new Uint8Array(64),
): CompactSignature | 'malformed' | 'out of range' {
  const length = der.length
  const rLength = der[3]
  if (length < 6 || der[0] !== 0x30 || der[1] !== length - 2 || der[2] !== 0x02) return 'malformed'
  if (rLength === undefined || rLength >= 0x80) return 'malformed'
  const sAt = 4 + rLength + 2
  if (der[sAt - 2] !== 0x02) return 'malformed'
  const sLength = der[sAt - 1]
  if (sLength === undefined || sLength >= 0x80 || sAt + sLength !== length) return 'malformed'
  compact.fill(0)
  return place(der, 4, rLength, compact, 32) ?? place(der, sAt, sLength, compact, 64) ?? compact
}

/** Writes the number of `length` bytes at `from` so that it ends before `end`; a fault, or null when it fits. */
function place(der: ArrayLike<number>, from: number, length: number, into: Uint8Array, end: number) {
  let start = from
  const stop = from + length
  if (der[start] === 0 && length > 0) {
    if (((der[start + 1] ?? 0) & 0x80) === 0) return 'malformed' as const
    start++
  }
  if (stop - start > 32) return 'out of range' as const
  for (let at = end - (stop - start); start < stop; start++, at++) into[at] = der[start] ?? 0
  return null
}

/** The strict DER form of a signature: 8 to 72 bytes. */
export function encodeDer(compact: CompactSignature): Buffer {
  const rStart = firstByte(compact, 0)
  const sStart = firstByte(compact, 32)
  const rPad = (compact[rStart] ?? 0) >= 0x80 ? 1 : 0
  const sPad = (compact[sStart] ?? 0) >= 0x80 ? 1 : 0
  const rLength = 32 - rStart + rPad
  const sLength = 64 - sStart + sPad
  const der = Buffer.allocUnsafe(6 + rLength + sLength)
  der[0] = 0x30
  der[1] = 4 + rLength + sLength
  der[2] = 0x02
  der[3] = rLength
  der[4] = 0
  for (let from = rStart, to = 4 + rPad; from < 32; from++, to++) der[to] = compact[from] ?? 0
  der[4 + rLength] = 0x02
  der[5 + rLength] = sLength
  der[6 + rLength] = 0
  for (let from = sStart, to = 6 + rLength + sPad; from < 64; from++, to++) der[to] = compact[from] ?? 0
  return der
}

function firstByte(compact: Uint8Array, start: number): number {
  let at = start
  while (at < start + 31 && compact[at] === 0) at++
  return at
}
