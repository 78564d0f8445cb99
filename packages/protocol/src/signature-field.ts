import { RelayError } from './errors.ts'
import { hexToBytes } from './hex.ts'

const maxSignatureBytes = 72

/**
 * A signature in a request: DER as hexadecimal digits, or as the array of bytes that a BRC-100 wallet returns.
 * @throws {RelayError} ERR_INVALID_REQUEST
 */
export function parseSignature(value: unknown): Uint8Array {
  const bytes =
    typeof value === 'string' && value.length <= 2 * maxSignatureBytes ? hexToBytes(value) : byteArray(value)
  if (bytes !== null && bytes.length > 0) return bytes
  throw new RelayError('ERR_INVALID_REQUEST', 'signature must be DER as hexadecimal digits or as an array of bytes.')
}

function byteArray(value: unknown): Uint8Array | null {
  if (!Array.isArray(value) || value.length > maxSignatureBytes) return null
  const isBytes = value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)
  return isBytes ? Uint8Array.from(value as number[]) : null
}
