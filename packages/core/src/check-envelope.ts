import {
  bytesToHex,
  checkEnvelope as envelopeHashIfSigned,
  isWithinMemory,
  type Envelope,
  type EnvelopedMessage,
  type ErrorCode,
  type SignatureVerifier,
} from '@overpost/protocol'
import type { VerifiedEnvelope } from './message.ts'

/** Checks the sender's envelope over a message, its time first, as that is cheap. */
export function checkEnvelope(
  message: EnvelopedMessage,
  envelope: Envelope,
  deps: { verifier: SignatureVerifier; nowMs: number; memoryDays: number },
): { envelope: VerifiedEnvelope } | { refused: ErrorCode } {
  const { timestampMs, signature } = envelope
  if (!isWithinMemory(timestampMs, deps.nowMs, deps.memoryDays)) return { refused: 'ERR_TOO_OLD' }
  const hash = envelopeHashIfSigned(message, envelope, deps.verifier)
  if (hash === null) return { refused: 'ERR_INVALID_ENVELOPE' }
  return { envelope: { timestampMs, signatureHex: bytesToHex(signature), hash } }
}
