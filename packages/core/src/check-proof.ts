import {
  isProofAtLeast,
  requestHash,
  timeRefusal,
  type ErrorCode,
  type IdentityKey,
  type PropagatedMessage,
  type SignatureVerifier,
} from '@overpost/protocol'
import { checkEnvelope } from './check-envelope.ts'
import type { Message } from './message.ts'
import type { RequestVerifier } from './ports/request-verifier.ts'
import type { ProofPolicies } from './proof-policies.ts'
import type { SenderVouchers } from './sender-vouchers.ts'

/** A message that an authenticated host hands in, with the proof of its sender still to be checked. */
export type Incoming = PropagatedMessage

export interface ProofDeps {
  readonly verifier: SignatureVerifier
  readonly requests: RequestVerifier
  readonly vouchers: Pick<SenderVouchers, 'check'>
  readonly policies: Pick<ProofPolicies, 'demanded'>
  readonly memoryDays: number
}

/** What a proof came to. */
export type CheckedProof =
  Pick<Message, 'envelope' | 'request'> | { readonly refused: ErrorCode; readonly description?: string }

const unproven = { refused: 'ERR_SENDER_LINKAGE_VERIFICATION_FAILED' } as const

/** Checks what `host` shows of who wrote a message, what is cheap first: its time, whether it is enough, whether it holds. */
export async function checkProof(
  host: IdentityKey,
  item: Incoming,
  nowMs: number,
  deps: ProofDeps,
): Promise<CheckedProof> {
  const { proof, recipient, box, sender } = item
  const refused = proof.kind === 'envelope' ? timeRefusal(proof.envelope.timestampMs, nowMs, deps.memoryDays) : null
  if (refused !== null) return { refused }
  const demanded = await deps.policies.demanded(recipient, box, item.body)
  if (!isProofAtLeast(proof.kind, demanded)) {
    return { ...unproven, description: `This box takes such a message only with a proof of the kind ${demanded}.` }
  }
  switch (proof.kind) {
    case 'envelope': {
      const checked = checkEnvelope(item, proof.envelope, nowMs, deps)
      if ('envelope' in checked) return { envelope: checked.envelope, request: null }
      return checked.refused === 'ERR_INVALID_ENVELOPE' ? unproven : checked
    }
    case 'brc94': {
      const { request, signedId, linkage } = proof
      const verdict = deps.requests.verify(host, sender, request, linkage)
      if (verdict === 'unknown') return { refused: 'ERR_LINKAGE_UNKNOWN' }
      if (verdict === 'invalid') return unproven
      const hash = requestHash(request.payload, { recipient, signedId }, deps.verifier)
      return { envelope: null, request: { ...request, hash } }
    }
    case 'host': {
      const verdict = await deps.vouchers.check(host, sender)
      if (verdict === 'valid') return { envelope: null, request: null }
      if (verdict === 'unknown') return { refused: 'ERR_UNAVAILABLE' }
      return { ...unproven, description: 'The sender has not authorised the host that vouches.' }
    }
  }
}
