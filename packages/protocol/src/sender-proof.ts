import { hexToBytes } from './hex.ts'
import type { IdentityKey, MessageId } from './scalars.ts'
import type { Hasher } from './signature-verifier.ts'

/** What shows a host who wrote a message that another host hands in, the strongest first (docs/specs/propagate.md). */
export const proofKinds = ['envelope', 'brc94', 'host'] as const
export type ProofKind = (typeof proofKinds)[number]
/** The same of any message: `local`, the host that has it has authenticated the sender. */
export type ShownProof = ProofKind | 'local'

/** A request that its sender made with BRC-104, byte for byte as it was signed. */
export interface SignedRequest {
  readonly payload: Uint8Array
  /** The sender's, of this request, in base64. */
  readonly nonce: string
  /** Of the host's session, in base64. */
  readonly sessionNonce: string
  /** DER as lower-case hexadecimal digits. */
  readonly signatureHex: string
}

/**
 * The secret that a host shares with a sender, shown to one other host with a proof that it is that: what
 * `revealCounterpartyKeyLinkage` returns (BRC-94).
 */
export interface LinkageRevelation {
  readonly prover: IdentityKey
  readonly verifier: IdentityKey
  readonly counterparty: IdentityKey
  readonly revelationTime: string
  readonly encryptedLinkage: Uint8Array
  readonly encryptedLinkageProof: Uint8Array
}

/** A linkage by its name, and, when the receiver may not know it, itself. */
export interface NamedLinkage {
  /** SHA-256 of the shared point's 33 bytes, hexadecimal. */
  readonly hash: string
  readonly revelation: LinkageRevelation | null
}

/** Payloads that are longer are not kept: in base64 they would not fit into what hosts take. */
export const maxRequestPayloadBytes = 1_048_576
const encoder = new TextEncoder()

/** Whether `kind` is as strong as `minimum`, or stronger. */
export function isProofAtLeast(kind: ProofKind, minimum: ProofKind): boolean {
  return proofKinds.indexOf(kind) <= proofKinds.indexOf(minimum)
}

/**
 * What a host remembers of a request for one message, so that it is good only once: 64 hexadecimal digits. `signedId` is the
 * message id as it stands in the request; null when the sender gave none.
 */
export function requestHash(
  payload: Uint8Array,
  { recipient, signedId }: { readonly recipient: IdentityKey; readonly signedId: MessageId | null },
  hasher: Hasher,
): string {
  const key = hexToBytes(recipient) ?? new Uint8Array(0)
  const id = encoder.encode(signedId ?? '')
  const data = new Uint8Array(payload.length + key.length + id.length)
  data.set(payload)
  data.set(key, payload.length)
  data.set(id, payload.length + key.length)
  return hasher.sha256Hex(data)
}
