import * as z from 'zod'
import { acknowledgedMessageSchema } from './acknowledge-message.ts'
import {
  maxSignedAcknowledgements,
  type AcknowledgedMessage,
  type Acknowledgement,
  type AcknowledgementJson,
} from './acknowledgement.ts'
import { envelopeFromJson, envelopeToJson } from './envelope.ts'
import { RelayError } from './errors.ts'
import { identityKeySchema, type IdentityKey } from './scalars.ts'

/** What a host tells another of what a user read there. Without `acknowledgement` it is that host's word only. */
export interface SyncAcknowledgements {
  readonly recipient: IdentityKey
  readonly messages: readonly AcknowledgedMessage[]
  readonly acknowledgement: Acknowledgement | null
}

/** `POST /syncAcknowledgements` on the wire (docs/specs/sync-acknowledgements.md). */
export interface SyncAcknowledgementsJson {
  readonly recipient: string
  readonly messages: readonly { readonly messageBox: string; readonly sender: string; readonly messageId: string }[]
  readonly acknowledgement?: AcknowledgementJson
}

export const syncAcknowledgementsAnswerSchema = z.object({
  status: z.literal('success'),
  acknowledged: z.int().optional(),
  marked: z.int().optional(),
})

/** An acknowledgement as it came; a form that it has not is an issue of its own. */
export const acknowledgementSchema = z.unknown().transform((json, context): Acknowledgement => {
  const read = envelopeFromJson(json)
  if (read !== null) return read
  context.addIssue({ code: 'custom', message: 'must be a timestamp and a signature' })
  return z.NEVER
})

const requestSchema = z.object({
  recipient: identityKeySchema,
  messages: z.array(acknowledgedMessageSchema).min(1).max(maxSignedAcknowledgements),
  acknowledgement: acknowledgementSchema.optional(),
})

/** @throws {RelayError} ERR_INVALID_PARAMETERS */
export function parseSyncAcknowledgements(json: unknown): SyncAcknowledgements {
  const parsed = requestSchema.safeParse(json)
  if (parsed.success) return { ...parsed.data, acknowledgement: parsed.data.acknowledgement ?? null }
  const [issue] = parsed.error.issues
  throw new RelayError('ERR_INVALID_PARAMETERS', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
}

export function syncAcknowledgementsToJson(sync: SyncAcknowledgements): SyncAcknowledgementsJson {
  const { recipient, messages, acknowledgement } = sync
  return {
    recipient,
    messages: messages.map(({ box, sender, messageId }) => ({ messageBox: box, sender, messageId })),
    ...(acknowledgement === null ? {} : { acknowledgement: envelopeToJson(acknowledgement) }),
  }
}
