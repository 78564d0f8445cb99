import { randomBytes } from 'node:crypto'
import {
  addMultiple,
  compressPoint,
  multiplyAdd,
  multiplyPoint,
  parsePoint,
  publicKeyOf,
  scalarOf,
  sha256,
  sharedPoint,
  type Point,
} from './curve.ts'

const pointBytes = 33

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

/**
 * Whether `proof` shows that `shared` is `counterparty` times the private key of `prover`: zG = R + eH and zS = S' + eD, with
 * e = SHA-256(H | S | D | S' | R). Never throws: what is no point or out of range proves nothing.
 */
export function verifyLinkage(prover: Point, counterparty: Point, shared: Uint8Array, proof: Uint8Array): boolean {
  const z = scalarBytes(proof.subarray(2 * pointBytes))
  if (shared.length !== pointBytes || z === null) return false
  const commitment = proof.subarray(0, pointBytes)
  const blinded = proof.subarray(pointBytes, 2 * pointBytes)
  const message = [compressPoint(prover), compressPoint(counterparty), shared, blinded, commitment]
  const challenge = scalarOf(sha256(Buffer.concat(message)))
  if (challenge === null) return false
  try {
    const ownSum = addMultiple(pointOf(commitment), challenge, prover)
    const sharedSum = addMultiple(pointOf(blinded), challenge, pointOf(shared))
    return (
      Buffer.compare(publicKeyOf(z), ownSum) === 0 && Buffer.compare(multiplyPoint(counterparty, z), sharedSum) === 0
    )
  } catch {
    return false
  }
}

function pointOf(bytes: Uint8Array): Point {
  return parsePoint(Buffer.from(bytes).toString('hex'))
}

/** A number of 1 to 32 bytes as 32 bytes; null when it has none or more. */
function scalarBytes(bytes: Uint8Array): Uint8Array | null {
  if (bytes.length === 0 || bytes.length > 32) return null
  const scalar = new Uint8Array(32)
  scalar.set(bytes, 32 - bytes.length)
  return scalar
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
