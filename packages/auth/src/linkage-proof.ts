import { randomBytes } from 'node:crypto'
import { compressPoint, multiplyAdd, publicKeyOf, scalarOf, sha256, sharedPoint, type Point } from './curve.ts'

/**
 * A Schnorr proof that `shared` is `counterparty` times the private key of `own` (BRC-94, as @bsv/sdk 2.1.0 writes it):
 * R (33 bytes), S' (33 bytes), and z without leading zeros.
 */
export function proveLinkage(privateKey: Uint8Array, own: Point, counterparty: Point, shared: Uint8Array): Uint8Array {
  const { secret, commitment } = randomCommitment()
  const blinded = sharedPoint(counterparty, secret)
  const message = [compressPoint(own), compressPoint(counterparty), shared, blinded, commitment]
  const challenge = scalarOf(sha256(Buffer.concat(message)))
  if (challenge === null) throw new Error('A hash has 256 bits')
  const z = multiplyAdd(challenge, privateKey, secret)
  const start = z.findIndex((byte) => byte !== 0)
  return Buffer.concat([commitment, blinded, z.subarray(start)])
}

function randomCommitment(): { secret: Uint8Array; commitment: Uint8Array } {
  for (;;) {
    const secret = randomBytes(32)
    try {
      return { secret, commitment: compressPoint(publicKeyOf(secret)) }
    } catch {
      // Not below the order: about one draw in 2^128.
    }
  }
}
