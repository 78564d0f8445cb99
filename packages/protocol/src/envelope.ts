import type { WalletInterface } from '@bsv/sdk'
import { bytesToHex, hexToBytes } from './hex.ts'
import { asRecord } from './json.ts'
import { envelopeKey, walletKey } from './names.ts'
import { maxAheadMs } from './phip-authorization.ts'
import type { BoxName, IdentityKey, MessageId } from './scalars.ts'
import { sdkHasher } from './sdk-verifier.ts'
import type { Hasher, SignatureVerifier } from './signature-verifier.ts'

/** The sender's own signature over one message to one recipient (phip.md section 8, F1; docs/specs/envelope.md). */
export interface Envelope {
  readonly timestampMs: number
  /** DER as lower-case hexadecimal digits, as it travels and is stored. */
  readonly signatureHex: string
}

/** What an envelope covers. */
export interface EnvelopeMessage {
  readonly sender: IdentityKey
  readonly recipient: IdentityKey
  readonly box: BoxName
  readonly messageId: MessageId
  /** The body as it is sent. */
  readonly body: string
}

/** An envelope in JSON. */
export interface EnvelopeJson {
  readonly timestamp: number
  /** Hexadecimal digits of the DER bytes. */
  readonly signature: string
}

/** For how long a host remembers envelopes and forward ids, unless its capability document says otherwise. */
export const defaultMemoryDays = 7
const dayMs = 86_400_000
const signatureForm = /^(?:[0-9a-f]{2}){8,72}$/i

/** The bytes that a sender signs. The hash stands for the body, so that they are few. */
export function envelopeText(message: EnvelopeMessage, timestampMs: number, hasher: Hasher): Uint8Array {
  return new TextEncoder().encode(signedText(message, timestampMs, hasher))
}

function signedText(message: EnvelopeMessage, timestampMs: number, hasher: Hasher): string {
  const { sender, recipient, box, messageId, body } = message
  const bodyHash = hasher.sha256Hex(body)
  return `phip-envelope-1\n${sender}\n${recipient}\n${box}\n${messageId}\n${timestampMs}\n${bodyHash}`
}

/** What a host remembers of an envelope, so that no other host can hand it in again: 64 hexadecimal digits. */
export function envelopeHash(message: EnvelopeMessage, timestampMs: number, hasher: Hasher): string {
  return hasher.sha256Hex(signedText(message, timestampMs, hasher))
}

/** Signs `message` with the wallet of its sender. */
export async function signEnvelope(
  wallet: Pick<WalletInterface, 'createSignature'>,
  message: EnvelopeMessage,
  timestampMs: number,
  hasher: Hasher = sdkHasher,
): Promise<Envelope> {
  const { signature } = await wallet.createSignature({
    ...walletKey(envelopeKey),
    counterparty: 'anyone',
    data: Array.from(envelopeText(message, timestampMs, hasher)),
  })
  return { timestampMs, signatureHex: bytesToHex(Uint8Array.from(signature)) }
}

/**
 * The {@link envelopeHash} when the sender signed this message, else null. Its age is another question:
 * {@link timeRefusal}.
 */
export function verifyEnvelope(
  message: EnvelopeMessage,
  { timestampMs, signatureHex }: Envelope,
  verifier: SignatureVerifier,
): string | null {
  const signature = hexToBytes(signatureHex)
  if (signature === null) return null
  // What is signed is the hash, so it is made once for both uses.
  const digest = verifier.sha256(signedText(message, timestampMs, verifier))
  return verifier.verifyDigest(message.sender, envelopeKey, digest, signature) ? bytesToHex(digest) : null
}

/**
 * Why something made at `madeAtMs` cannot be taken at `nowMs`: it may have been forgotten already, which is final, or it was
 * made more than 10 minutes ahead, which passes as soon as a wrong clock is put right. Null when it can.
 */
export function timeRefusal(
  madeAtMs: number,
  nowMs: number,
  memoryDays = defaultMemoryDays,
): 'ERR_TOO_OLD' | 'ERR_TOO_EARLY' | null {
  if (madeAtMs <= nowMs - memoryDays * dayMs) return 'ERR_TOO_OLD'
  return madeAtMs > nowMs + maxAheadMs ? 'ERR_TOO_EARLY' : null
}

export function envelopeToJson({ timestampMs, signatureHex }: Envelope): EnvelopeJson {
  return { timestamp: timestampMs, signature: signatureHex }
}

/** Null when it does not have the form of {@link EnvelopeJson}. */
export function envelopeFromJson(json: unknown): Envelope | null {
  const { timestamp, signature } = asRecord(json) ?? {}
  return isTimestamp(timestamp) && isSignatureHex(signature)
    ? { timestampMs: timestamp, signatureHex: signature.toLowerCase() }
    : null
}

/** Unix milliseconds. */
export function isTimestamp(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Whether it could be a DER signature in hexadecimal digits. Whether it is one is the verifier's question. */
export function isSignatureHex(value: unknown): value is string {
  return typeof value === 'string' && signatureForm.test(value)
}
