/** What a character code stands for; {@link none} for what is no digit. */
const none = 0xff
const values = new Uint8Array(128).fill(none)
for (let value = 0; value < 16; value += 1) {
  const digit = value.toString(16)
  values[digit.charCodeAt(0)] = value
  values[digit.toUpperCase().charCodeAt(0)] = value
}
const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Lower-case hexadecimal digits, two for each byte. */
export function bytesToHex(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += digits[byte] ?? ''
  return hex
}

/** The bytes of an even number of hexadecimal digits of either case; null for any other text. */
export function hexToBytes(hex: string): Uint8Array | null {
  if (hex.length % 2 !== 0) return null
  const bytes = new Uint8Array(hex.length / 2)
  for (let index = 0; index < bytes.length; index += 1) {
    const high = values[hex.charCodeAt(2 * index)] ?? none
    const low = values[hex.charCodeAt(2 * index + 1)] ?? none
    if ((high | low) === none) return null
    bytes[index] = (high << 4) | low
  }
  return bytes
}
