import {
  isWithinMemory,
  verifyEnvelope,
  type Envelope,
  type EnvelopeMessage,
  type ErrorCode,
  type SignatureVerifier,
} from '@overpost/protocol'
import type { VerifiedEnvelope } from './message.ts'

/** Checks the sender's envelope over a message, its time first, as that is cheap. */
export function checkEnvelope(
  message: EnvelopeMessage,
  envelope: Envelope,
  deps: { verifier: SignatureVerifier; nowMs: number; memoryDays: number },
): { envelope: VerifiedEnvelope } | { refused: ErrorCode } {
  if (!isWithinMemory(envelope.timestampMs, deps.nowMs, deps.memoryDays)) return { refused: 'ERR_TOO_OLD' }
  const hash = verifyEnvelope(message, envelope, deps.verifier)
  return hash === null ? { refused: 'ERR_INVALID_ENVELOPE' } : { envelope: { ...envelope, hash } }
}
