import * as z from 'zod'
import { RelayError } from './errors.ts'
import { boxNameSchema, forwardIdSchema, identityKeySchema, messageIdSchema } from './scalars.ts'

/** Handles of one question. */
export const maxStatusHandles = 100
const longestHandle = 64

const requestSchema = z.strictObject({
  handles: z.array(z.string().min(1).max(longestHandle)).min(1).max(maxStatusHandles),
})
export type MessageStatusRequest = z.output<typeof requestSchema>

/** The receipt's own form is its verifier's question (docs/specs/custody-receipt.md). */
const receiptSchema = z.looseObject({})

const destinationSchema = z.object({
  origin: z.string(),
  hostKey: identityKeySchema,
  forwardId: forwardIdSchema,
  state: z.enum(['waiting', 'delivered', 'refused', 'dropped']),
  attempts: z.number(),
  reason: z.string().optional(),
  receipt: receiptSchema.optional(),
})

const resultSchema = z.object({
  handle: z.string(),
  state: z.enum(['waiting', 'delivered', 'acknowledged', 'returned', 'unknown']),
  recipient: identityKeySchema.optional(),
  messageBox: boxNameSchema.optional(),
  messageId: messageIdSchema.optional(),
  /** Times are Unix milliseconds. */
  acceptedAtMs: z.number().optional(),
  settledAtMs: z.number().optional(),
  nextAttemptAtMs: z.number().optional(),
  attempts: z.number().optional(),
  reason: z.string().optional(),
  /** Its recipient moved to that host, which took it over. */
  movedTo: identityKeySchema.optional(),
  /** It is in its box no more: whether it was removed, or its recipient acknowledged it before, is not known. */
  pruned: z.literal(true).optional(),
  /** Of a message that is here: the host's own, complete. */
  receipt: receiptSchema.optional(),
  destinations: z.array(destinationSchema).optional(),
})

/** The answer of `/messageStatus`: a result for each handle, in order (docs/specs/message-status.md). */
export const messageStatusAnswerSchema = z.object({ status: z.literal('success'), results: z.array(resultSchema) })
export type MessageStatusAnswer = z.output<typeof messageStatusAnswerSchema>
export type MessageStatusJson = MessageStatusAnswer['results'][number]

/** @throws {RelayError} ERR_INVALID_PARAMETERS */
export function parseMessageStatus(json: unknown): MessageStatusRequest {
  const parsed = requestSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const fault = `handles must be a list of 1 to ${maxStatusHandles} handles, as /sendMessage gives them.`
  throw new RelayError('ERR_INVALID_PARAMETERS', fault)
}
