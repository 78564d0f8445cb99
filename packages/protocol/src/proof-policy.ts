import * as z from 'zod'
import { RelayError } from './errors.ts'
import { asRecord, isAbsent, parseOrNull } from './json.ts'
import { boxNameSchema, toBoxName, type BoxName } from './scalars.ts'
import { isProofAtLeast, proofKinds, type ProofKind } from './sender-proof.ts'

/** The proof of the sender that somebody demands of what other hosts hand in (docs/specs/proof-policy.md). */
export interface ProofDemand {
  readonly minimum: ProofKind
  /** Whether ciphertext is left alone. */
  readonly plaintextOnly: boolean
}

/** `POST /proofPolicy`, checked. Without a demand it only asks. */
export interface ProofPolicyRequest {
  readonly box: BoxName
  readonly demand: ProofDemand | null
}

/** `POST /proofPolicy` on the wire. */
export interface ProofPolicyJson {
  readonly messageBox: string
  readonly minimum?: ProofKind
  readonly plaintextOnly?: boolean
}

/** What stands before anything was demanded. */
export const noDemand: ProofDemand = { minimum: 'host', plaintextOnly: false }

const minimumSchema = z.enum(proofKinds)
/** The answer of `/proofPolicy`: the demand as it stands. */
export const proofPolicyAnswerSchema = z.object({
  status: z.literal('success'),
  messageBox: boxNameSchema,
  minimum: minimumSchema,
  plaintextOnly: z.boolean(),
})
export type ProofPolicyAnswer = z.output<typeof proofPolicyAnswerSchema>

/** The strictest of the demands that concern a message. */
export function demandedProof(demands: readonly ProofDemand[], body: string): ProofKind {
  let strictest: ProofKind = 'host'
  for (const { minimum, plaintextOnly } of demands) {
    if (isProofAtLeast(strictest, minimum) || (plaintextOnly && isCiphertext(body))) continue
    strictest = minimum
  }
  return strictest
}

/** Whether a body is the official client's `{"encryptedMessage": <text>}` and nothing more. */
export function isCiphertext(body: string): boolean {
  if (!body.startsWith('{') || !body.includes('"encryptedMessage"')) return false
  try {
    const { encryptedMessage, ...rest } = JSON.parse(body) as Record<string, unknown>
    return typeof encryptedMessage === 'string' && Object.keys(rest).length === 0
  } catch {
    return false
  }
}

/** @throws {RelayError} ERR_MESSAGEBOX_REQUIRED, ERR_INVALID_MESSAGEBOX, ERR_INVALID_PARAMETERS */
export function parseProofPolicy(json: unknown): ProofPolicyRequest {
  const { messageBox, minimum, plaintextOnly } = asRecord(json) ?? {}
  if (isAbsent(messageBox) || messageBox === '') throw new RelayError('ERR_MESSAGEBOX_REQUIRED')
  const box = toBoxName(messageBox)
  if (box === null) throw new RelayError('ERR_INVALID_MESSAGEBOX')
  if (!isAbsent(plaintextOnly) && typeof plaintextOnly !== 'boolean') {
    throw new RelayError('ERR_INVALID_PARAMETERS', 'plaintextOnly must be true or false.')
  }
  if (isAbsent(minimum)) {
    if (isAbsent(plaintextOnly)) return { box, demand: null }
    throw new RelayError('ERR_INVALID_PARAMETERS', 'plaintextOnly says nothing without minimum.')
  }
  const kind = parseOrNull(minimumSchema, minimum)
  if (kind === null) {
    throw new RelayError('ERR_INVALID_PARAMETERS', `minimum must be one of ${proofKinds.join(', ')}.`)
  }
  return { box, demand: { minimum: kind, plaintextOnly: plaintextOnly ?? false } }
}
