import {
  verifyEnvelope,
  type Envelope,
  type EnvelopeMessage,
  type ErrorCode,
  type SignatureVerifier,
} from '@overpost/protocol'
import type { VerifiedEnvelope } from './message.ts'

export interface EnvelopeWindow {
  /** How long forward ids and envelopes are remembered: what is older is refused. */
  readonly memoryMs: number
  /** How far ahead of our clock another clock may be. */
  readonly aheadMs: number
}

/** Whether a time lies in the window in which a message is taken (phip.md section 5, dedup). */
export function isInWindow(madeAtMs: number, nowMs: number, window: EnvelopeWindow): boolean {
  return madeAtMs > nowMs - window.memoryMs && madeAtMs <= nowMs + window.aheadMs
}

/** Checks the sender's envelope over a message, time first, as that is cheap. */
export function checkEnvelope(
  message: EnvelopeMessage,
  envelope: Envelope,
  deps: { verifier: SignatureVerifier; nowMs: number; window: EnvelopeWindow },
): { envelope: VerifiedEnvelope } | { refused: ErrorCode } {
  if (!isInWindow(envelope.timestampMs, deps.nowMs, deps.window)) return { refused: 'ERR_TOO_OLD' }
  const hash = verifyEnvelope(message, envelope, deps.verifier)
  if (hash === null) return { refused: 'ERR_INVALID_ENVELOPE' }
  return { envelope: { timestampMs: envelope.timestampMs, signatureHex: envelope.signatureHex, hash } }
}
