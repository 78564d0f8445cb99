/** What a character code stands for; {@link none} for what is no digit. */
const none = 0xff
const values = new Uint8Array(128).fill(none)
for (let value = 0; value < 16; value += 1) {
  const digit = value.toString(16)
  values[digit.charCodeAt(0)] = value
  values[digit.toUpperCase().charCodeAt(0)] = value
}
const digitCodes = Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))
/** No function takes an argument for each byte of something long. */
const bytesAtOnce = 1024

/** Lower-case hexadecimal digits, two for each byte. */
export function bytesToHex(bytes: Uint8Array): string {
  if (bytes.length <= bytesAtOnce) return fewToHex(bytes)
  let hex = ''
  for (let at = 0; at < bytes.length; at += bytesAtOnce) hex += fewToHex(bytes.subarray(at, at + bytesAtOnce))
  return hex
}

/** Text made of all its codes at once is in one piece. */
function fewToHex(bytes: Uint8Array): string {
  const codes: number[] = []
  for (const byte of bytes) codes.push(digitCodes[byte >> 4] ?? 0, digitCodes[byte & 15] ?? 0)
  return String.fromCharCode(...codes)
}

/** The bytes of an even number of hexadecimal digits of either case; null for any other text. */
export function hexToBytes(hex: string): Uint8Array | null {
  const bytes = new Uint8Array(hex.length >> 1)
  return hexInto(hex, bytes, 0) === null ? null : bytes
}

/** Writes them from `at` on, where there must be room, and returns where they end; null as {@link hexToBytes}. */
export function hexInto(hex: string, into: Uint8Array, at: number): number | null {
  if (hex.length % 2 !== 0) return null
  let end = at
  for (let index = 0; index < hex.length; index += 2) {
    const high = values[hex.charCodeAt(index)] ?? none
    const low = values[hex.charCodeAt(index + 1)] ?? none
    if ((high | low) === none) return null
    into[end++] = (high << 4) | low
  }
  return end
}
