import { createHash } from 'node:crypto'

/** SHA-256 of a body, as custody receipts have it: 64 hexadecimal digits. */
export function bodyHash(body: string): string {
  return createHash('sha256').update(body).digest('hex')
}
