import type { WalletInterface } from '@bsv/sdk'
import type { EnvelopeJson } from './envelope.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import { acknowledgementKey, walletKey } from './names.ts'
import type { BoxName, IdentityKey, MessageId } from './scalars.ts'
import { sdkHasher } from './sdk-verifier.ts'
import type { Hasher, SignatureVerifier } from './signature-verifier.ts'

/** A message by what makes it itself, whatever it is listed as. */
export interface AcknowledgedMessage {
  readonly box: BoxName
  readonly sender: IdentityKey
  readonly messageId: MessageId
}

/** A user's signature that they have read certain messages, in that order (docs/specs/sync-acknowledgements.md). */
export interface Acknowledgement {
  readonly timestampMs: number
  /** DER, as hexadecimal digits. */
  readonly signatureHex: string
}

export type AcknowledgementJson = EnvelopeJson

/** Of one signature. */
export const maxSignedAcknowledgements = 1_000
const encoder = new TextEncoder()

/** Signs for all of `messages` at once. */
export async function signAcknowledgement(
  wallet: Pick<WalletInterface, 'createSignature'>,
  user: IdentityKey,
  messages: readonly AcknowledgedMessage[],
  timestampMs: number,
  hasher: Hasher = sdkHasher,
): Promise<Acknowledgement> {
  const { signature } = await wallet.createSignature({
    ...walletKey(acknowledgementKey),
    counterparty: 'anyone',
    data: Array.from(acknowledgementText(user, messages, timestampMs, hasher)),
  })
  return { timestampMs, signatureHex: bytesToHex(Uint8Array.from(signature)) }
}

/** Whether `user` signed for exactly these messages, in this order. Its age is the caller's question. */
export function verifyAcknowledgement(
  user: IdentityKey,
  messages: readonly AcknowledgedMessage[],
  { timestampMs, signatureHex }: Acknowledgement,
  verifier: SignatureVerifier,
): boolean {
  const signature = hexToBytes(signatureHex)
  const text = acknowledgementText(user, messages, timestampMs, verifier)
  return signature !== null && verifier.verify(user, acknowledgementKey, text, signature)
}

/** What is signed. */
export function acknowledgementText(
  user: IdentityKey,
  messages: readonly AcknowledgedMessage[],
  timestampMs: number,
  hasher: Hasher,
): Uint8Array {
  const parts = messages.flatMap(({ sender, box, messageId }) => [
    hexToBytes(sender) ?? new Uint8Array(),
    ...withLength(box),
    ...withLength(messageId),
  ])
  const list = new Uint8Array(parts.reduce((bytes, part) => bytes + part.length, 0))
  let at = 0
  for (const part of parts) {
    list.set(part, at)
    at += part.length
  }
  const hash = hasher.sha256Hex(list)
  return encoder.encode(`phip-acknowledgement-1\n${user}\n${timestampMs}\n${messages.length}\n${hash}`)
}

function withLength(text: string): [Uint8Array, Uint8Array] {
  const bytes = encoder.encode(text)
  return [Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes]
}
