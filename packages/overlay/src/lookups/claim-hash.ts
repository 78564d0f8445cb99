import { createHash } from 'node:crypto'

/** Names what a token says. Tokens that say the same have the same hash. */
export function claimHash(words: readonly unknown[]): Uint8Array {
  return createHash('sha256').update(JSON.stringify(words)).digest()
}
