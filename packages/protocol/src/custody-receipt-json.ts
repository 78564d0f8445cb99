import * as z from 'zod'
import { maxCustodyLeaves, verifyCustody, type CustodyMessage, type CustodyProof } from './custody-receipt.ts'
import { isSignatureHex, isTimestamp } from './envelope.ts'
import {
  boxNameSchema,
  forwardIdSchema,
  identityKeySchema,
  messageIdSchema,
  type HostOrigin,
  type IdentityKey,
} from './scalars.ts'
import type { SignatureVerifier } from './signature-verifier.ts'

/** A receipt with all that it takes to check it: what senders keep, and show to whom they like. */
export interface CustodyReceipt extends CustodyMessage {
  /** The receiving host. Its key signed; the origin is where the message was handed in, and is not signed. */
  readonly host: { readonly identityKey: IdentityKey; readonly origin: HostOrigin }
  readonly proof: CustodyProof
}

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits')
const mostPath = Math.ceil(Math.log2(maxCustodyLeaves))

const receiptSchema = z.strictObject({
  type: z.literal('custody-receipt'),
  version: z.literal(1),
  host: z.strictObject({
    identityKey: identityKeySchema,
    origin: z
      .string()
      .max(300)
      .transform((text) => text as HostOrigin),
  }),
  originHost: identityKeySchema,
  forwardId: forwardIdSchema,
  recipient: identityKeySchema,
  sender: identityKeySchema,
  messageBox: boxNameSchema,
  messageId: messageIdSchema,
  bodyHash: hashSchema,
  storedAtMs: z.custom<number>(isTimestamp, 'must be Unix milliseconds'),
  index: z
    .int()
    .min(0)
    .max(maxCustodyLeaves - 1),
  leaves: z.int().min(1).max(maxCustodyLeaves),
  path: z.array(hashSchema).max(mostPath),
  signature: z.custom<string>(isSignatureHex, 'must be DER as hexadecimal digits'),
})

/** A {@link CustodyReceipt} as it is written down (docs/specs/custody-receipt.md, "By itself"). */
export type CustodyReceiptJson = z.input<typeof receiptSchema>

export function custodyReceiptToJson(receipt: CustodyReceipt): CustodyReceiptJson {
  const { host, originHost, forwardId, recipient, sender, box, messageId, bodyHash, proof } = receipt
  return {
    ...({ type: 'custody-receipt', version: 1 } as const),
    host: { identityKey: host.identityKey, origin: host.origin },
    ...{ originHost, forwardId, recipient, sender, messageBox: box, messageId, bodyHash },
    storedAtMs: proof.storedAtMs,
    ...{ index: proof.index, leaves: proof.leaves, path: [...proof.path], signature: proof.signatureHex },
  }
}

/** A written receipt, checked: its form, its path, and the host's signature. It asks nobody. */
export function verifyCustodyReceipt(
  json: unknown,
  verifier: SignatureVerifier,
): { readonly receipt: CustodyReceipt } | { readonly fault: string } {
  const parsed = receiptSchema.safeParse(json)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return { fault: `it is no custody receipt of version 1: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}` }
  }
  const { host, originHost, forwardId, recipient, sender, messageBox, messageId, bodyHash, ...rest } = parsed.data
  const { storedAtMs, index, leaves, path, signature } = rest
  const receipt: CustodyReceipt = {
    ...{ host, originHost, forwardId, recipient, sender, box: messageBox, messageId, bodyHash },
    proof: { storedAtMs, bodyHash, index, leaves, path, signatureHex: signature.toLowerCase() },
  }
  const isSigned = verifyCustody(receipt, receipt.proof, { hostKey: host.identityKey, verifier })
  return isSigned
    ? { receipt }
    : { fault: 'the host did not sign this: something in it was changed, or it is invented' }
}
