import * as z from 'zod'
import { RelayError } from './errors.ts'
import { asRecord } from './json.ts'
import { maxAheadMs } from './phip-authorization.ts'
import { verifyWithdrawal, type SignedWithdrawal } from './phip-withdrawal.ts'
import { identityKeySchema, type IdentityKey } from './scalars.ts'
import { parseSignature } from './signature-field.ts'
import type { SignatureVerifier } from './signature-verifier.ts'

/** `POST /publishWithdrawal` on the wire (docs/specs/withdrawal.md): the caller takes back what they allowed a host, or all hosts. */
export interface PublishWithdrawalJson {
  /** `ALL`, or the key of the host. */
  readonly hostKey: string
  readonly atMs: number
  /** DER as hexadecimal digits, or as an array of bytes. */
  readonly signature: string | readonly number[]
}

const requestSchema = z.strictObject({
  hostKey: z.union([z.literal('ALL'), identityKeySchema]),
  atMs: z.int().min(0),
  signature: z.unknown(),
})

/** What the host answers: null while the transaction is still to be made. */
export const publishWithdrawalAnswerSchema = z.object({
  status: z.literal('success'),
  txid: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
})
export type PublishWithdrawalAnswer = z.output<typeof publishWithdrawalAnswerSchema>

/** The withdrawal in a request of `userKey`. @throws {RelayError} ERR_INVALID_REQUEST */
export function parsePublishWithdrawal(json: unknown, userKey: IdentityKey): SignedWithdrawal {
  const request = requestSchema.safeParse(asRecord(json))
  if (!request.success) throw new RelayError('ERR_INVALID_REQUEST')
  const { hostKey, atMs, signature } = request.data
  return { userKey, hostKey, atMs, signature: parseSignature(signature) }
}

/**
 * All that a host asks of a withdrawal before it keeps one: that it counts already, and the user's own signature.
 * @throws {RelayError} ERR_INVALID_WITHDRAWAL, ERR_SIGNATURE_INVALID
 */
export function requireWithdrawal(
  withdrawal: SignedWithdrawal,
  { nowMs, verifier }: { nowMs: number; verifier: SignatureVerifier },
): void {
  if (withdrawal.atMs > nowMs + maxAheadMs) throw new RelayError('ERR_INVALID_WITHDRAWAL', 'Its time lies ahead.')
  if (!verifyWithdrawal(withdrawal, verifier)) throw new RelayError('ERR_SIGNATURE_INVALID')
}
