import { createHash } from 'node:crypto'
import { mostHashedBytes } from '@overpost/core'

/** SHA-256 of a body, as custody receipts have it: 64 hexadecimal digits. */
export function bodyHash(body: string): string {
  return createHash('sha256').update(body).digest('hex')
}

/** The hashes of one question's bodies, of {@link mostHashedBytes} and no more. One body is hashed whatever its size. */
export class BodyHashes {
  #hashedBytes = 0

  /** How large the next body may be. */
  get leftBytes(): number {
    return this.#hashedBytes === 0 ? Number.MAX_SAFE_INTEGER : mostHashedBytes - this.#hashedBytes
  }

  /** Null for one that is too large. */
  of(body: string): string | null {
    const bytes = Buffer.byteLength(body)
    if (bytes > this.leftBytes) return null
    this.#hashedBytes += bytes
    return bodyHash(body)
  }
}
