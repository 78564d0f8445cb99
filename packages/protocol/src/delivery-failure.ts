import * as z from 'zod'
import { boxNameSchema, identityKeySchema, messageIdSchema, type BoxName } from './scalars.ts'

/** Where hosts put what they have to tell senders (docs/specs/delivery-failure.md). */
export const deliveryFailuresBox = 'delivery_failures' as BoxName

const attemptedSchema = z.object({
  origin: z.string(),
  hostKey: identityKeySchema,
  state: z.enum(['waiting', 'delivered', 'refused', 'dropped']),
  attempts: z.number().int().nonnegative(),
  reason: z.string().optional(),
})

const noticeSchema = z.object({
  type: z.literal('delivery-failure'),
  version: z.literal(1),
  /** `returned`: it is given up, and nobody has it. `delayed`: it still waits, and is tried until `expiresAtMs`. */
  kind: z.enum(['returned', 'delayed']),
  handle: z.string(),
  recipient: identityKeySchema,
  messageBox: boxNameSchema,
  messageId: messageIdSchema,
  acceptedAtMs: z.number().int().nonnegative(),
  noticedAtMs: z.number().int().nonnegative(),
  expiresAtMs: z.number().int().nonnegative().optional(),
  /** Why, as a code of {@link errorTable} or one of the other host's. */
  code: z.string(),
  /** What the last attempt came to, in words, when that says more. */
  reason: z.string().optional(),
  attempts: z.number().int().nonnegative(),
  destinations: z.array(attemptedSchema),
})

/** What a host tells a sender of a message that it could not deliver, or not yet. */
export type DeliveryFailure = z.output<typeof noticeSchema>

/** As it travels: the body of a message. */
export function deliveryFailureText(notice: Omit<DeliveryFailure, 'type' | 'version'>): string {
  return JSON.stringify({ type: 'delivery-failure', version: 1, ...notice } satisfies DeliveryFailure)
}

/** Null when a body is no such notice. Whether its sender is the host that took the message is the reader's question. */
export function parseDeliveryFailure(body: unknown): DeliveryFailure | null {
  let json = body
  if (typeof body === 'string') {
    try {
      json = JSON.parse(body)
    } catch {
      return null
    }
  }
  const parsed = noticeSchema.safeParse(json)
  return parsed.success ? parsed.data : null
}
