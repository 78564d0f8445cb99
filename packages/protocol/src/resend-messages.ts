import * as z from 'zod'
import { RelayError } from './errors.ts'
import { logNameSchema } from './scalars.ts'

/** A host's word that its log began anew, as `POST /resendMessages` (docs/specs/resend.md). */
export interface ResendMessages {
  /** What its log is called now. */
  readonly log: string
}

export const resendMessagesAnswerSchema = z.object({ status: z.literal('success'), again: z.boolean() })

const requestSchema = z.object({ log: logNameSchema })

/** @throws {RelayError} ERR_INVALID_PARAMETERS */
export function parseResendMessages(json: unknown): ResendMessages {
  const parsed = requestSchema.safeParse(json)
  if (parsed.success) return parsed.data
  throw new RelayError('ERR_INVALID_PARAMETERS', `log: ${parsed.error.issues[0]?.message ?? ''}`)
}
