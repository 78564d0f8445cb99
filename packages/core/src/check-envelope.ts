import {
  envelopeHash,
  timeRefusal,
  verifyEnvelope,
  type Envelope,
  type EnvelopeMessage,
  type ErrorCode,
  type SignatureVerifier,
} from '@overpost/protocol'
import type { VerifiedEnvelope } from './message.ts'

interface CheckDeps {
  readonly verifier: SignatureVerifier
  readonly memoryDays: number
}

type Checked = { envelope: VerifiedEnvelope } | { refused: ErrorCode }

/** Checks the sender's envelope over a message, its time first, as that is cheap. */
export function checkEnvelope(message: EnvelopeMessage, envelope: Envelope, nowMs: number, deps: CheckDeps): Checked {
  const refused = timeRefusal(envelope.timestampMs, nowMs, deps.memoryDays)
  if (refused !== null) return { refused }
  const hash = verifyEnvelope(message, envelope, deps.verifier)
  return hash === null ? { refused: 'ERR_INVALID_ENVELOPE' } : { envelope: { ...envelope, hash } }
}

/**
 * Checks of an envelope that goes on to other hosts no more than its time: they verify it, and what they refuse comes back to
 * whoever sent it (docs/decisions/0017-envelopes-on-their-way.md). It must be verified before it is shown to anybody here.
 */
export function carryEnvelope(message: EnvelopeMessage, envelope: Envelope, nowMs: number, deps: CheckDeps): Checked {
  const refused = timeRefusal(envelope.timestampMs, nowMs, deps.memoryDays)
  if (refused !== null) return { refused }
  const hash = envelopeHash(message, envelope.timestampMs, deps.verifier)
  return { envelope: { ...envelope, hash } }
}
