import type { WalletInterface } from '@bsv/sdk'
import * as z from 'zod'
import { canonicalJson } from './canonical-json.ts'
import { isSignatureHex, isTimestamp } from './envelope.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import { asRecord } from './json.ts'
import { capabilityKey, walletKey } from './names.ts'
import { identityKeySchema, type HostOrigin } from './scalars.ts'
import type { SignatureVerifier } from './signature-verifier.ts'

const countSchema = z.int().positive()
const daysSchema = z.int().nonnegative()
const quotaSchema = z.object({ messages: countSchema, bytes: countSchema })
/** In the long run, and at once after a rest. */
const rateSchema = z.object({ perSecond: countSchema, burst: countSchema })

const documentSchema = z.object({
  /** The version of this form. A document of a later one keeps these fields or takes another number. */
  version: z.literal(1),
  identityKey: identityKeySchema,
  /** The host's own origin: a document that turns up elsewhere says nothing. */
  origin: z.string().transform((text) => text as HostOrigin),
  /** Name and version, for people. */
  software: z.string().max(100),
  issuedAtMs: z.custom<number>(isTimestamp, 'must be Unix milliseconds'),
  /** Whether users that the host does not know yet may authorise it. */
  openToNewIdentities: z.boolean(),
  /** For how long forward ids and envelopes are remembered, and beyond which they are refused. */
  memoryDays: countSchema,
  /** Proofs of the original sender that `/propagateMessage` takes. */
  proofs: z.array(z.string()),
  /** The weakest that it takes for any message; absent: the last of `proofs`. */
  minimumProof: z.string().optional(),
  /** The weakest that it takes for what is no ciphertext; absent: as `minimumProof`. */
  minimumPlaintextProof: z.string().optional(),
  limits: z.object({
    /** Of one request. */
    bodyBytes: countSchema,
    /** Of one `/sendMessage`. */
    recipients: countSchema,
    /** Of requests of an address; of calls and messages of an identity, and of a host that hands messages in. Absent: none is told. */
    rates: z.object({ address: rateSchema, identity: rateSchema, peer: rateSchema }).optional(),
    /** What waits in one identity's boxes; what of one sender waits for other hosts; what is remembered of one host. */
    quotas: z.object({ mailbox: quotaSchema, sender: quotaSchema, memoriesPerOrigin: countSchema }).optional(),
  }),
  /** Whether it signs for the messages that other hosts hand in (docs/specs/custody-receipt.md). */
  receipts: z.boolean().optional(),
  /** Whether it pushes over `/live` and socket.io (docs/specs/live.md). */
  live: z.boolean().optional(),
  /** What it calls its log, as in its cursors and its answers to hosts (docs/specs/resend.md). */
  log: z.string().max(64).optional(),
  /** How long what nobody acknowledges is kept, in days; 0: for good. The first of `boxes` that fits a box counts for it. */
  retention: z
    .object({ days: daysSchema, boxes: z.array(z.object({ boxes: z.string(), days: daysSchema })) })
    .optional(),
  /** Of one `/propagateMessages`; absent when only single messages are taken. */
  batch: z.object({ messages: countSchema, bytes: countSchema }).optional(),
})

/** What a host says of itself at `GET /.well-known/relay-host` (docs/specs/capability-document.md), its signature left out. */
export type CapabilityDocument = z.output<typeof documentSchema>

export const capabilityPath = '/.well-known/relay-host'
const encoder = new TextEncoder()

/** `document` as it is served: with the signature of `document.identityKey` over all of it. */
export async function signCapabilityDocument(
  wallet: Pick<WalletInterface, 'createSignature'>,
  document: CapabilityDocument,
): Promise<CapabilityDocument & { signature: string }> {
  const { signature } = await wallet.createSignature({
    ...walletKey(capabilityKey),
    counterparty: 'anyone',
    data: Array.from(encoder.encode(canonicalJson(document))),
  })
  return { ...document, signature: bytesToHex(Uint8Array.from(signature)) }
}

/**
 * A served document, checked: its form, that it is of the host at `origin`, and the signature over every field that was
 * served, those that we do not know included. Whether the key is the expected one is for the caller.
 */
export function verifyCapabilityDocument(
  json: unknown,
  { origin, verifier }: { origin: HostOrigin; verifier: SignatureVerifier },
): { readonly document: CapabilityDocument } | { readonly fault: string } {
  const { signature, ...signed } = asRecord(json) ?? {}
  const parsed = documentSchema.safeParse(signed)
  if (!parsed.success) return { fault: 'the document does not have the form of version 1' }
  const document = parsed.data
  if (document.origin !== origin) return { fault: 'the document is of another origin' }
  const bytes = isSignatureHex(signature) ? hexToBytes(signature) : null
  const text = canonicalBytes(signed)
  const isSigned = bytes !== null && text !== null && verifier.verify(document.identityKey, capabilityKey, text, bytes)
  return isSigned ? { document } : { fault: 'the signature does not verify' }
}

function canonicalBytes(value: unknown): Uint8Array | null {
  try {
    return encoder.encode(canonicalJson(value))
  } catch {
    return null // it holds what no canonical form exists for, so nobody can have signed it
  }
}
