import * as z from 'zod'
import { bytesToHex } from './hex.ts'
import type { EnvelopeJson } from './envelope.ts'
import { RelayError } from './errors.ts'
import { asRecord, isAbsent } from './json.ts'
import type { RequestItemJson } from './propagate-message.ts'
import { identityKeySchema, toBoxName, type BoxName, type IdentityKey, type MessageId } from './scalars.ts'
import type { ShownProof } from './sender-proof.ts'
import type { Hasher } from './signature-verifier.ts'

/** `POST /listMessages`, checked. Paging and envelopes are ours: clients that do not ask for them never notice. */
export interface ListMessagesRequest {
  readonly box: BoxName
  /** Null: all, up to what the host gives at once. */
  readonly limit: number | null
  /** Where the page begins, from an earlier answer. Its form is the mailbox's own. */
  readonly cursor: string | null
  /** Whether senders' envelopes and requests are wanted too. */
  readonly withEnvelopes: boolean
}

/** One message of a listing. Times as text are ISO 8601; both spellings, since clients disagree (relay-http.md section 3). */
export interface ListedMessageJson {
  /** Unique per recipient: what acknowledges it. */
  readonly messageId: string
  /** Wrapped: `{"message": <body as sent>}`. */
  readonly body: string
  readonly sender: string
  readonly createdAt: string
  readonly updatedAt: string
  readonly created_at: string
  readonly updated_at: string
  /** Unix milliseconds. */
  readonly timestamp: number
  readonly box?: string
  /** The sender's own message id, when {@link messageId} had to be made unique. */
  readonly id?: string
  /** What shows that the sender wrote it (docs/specs/message-box.md). */
  readonly proof?: ShownProof
  /** Identity key of the host that handed it in, and, without an envelope, vouches for the sender. */
  readonly originHost?: string
  /** Another home of the recipient says that they acknowledged it there. */
  readonly acknowledgedElsewhere?: true
  readonly envelope?: EnvelopeJson
  /** The sender's request, of a message with the proof `brc94`. */
  readonly request?: Pick<RequestItemJson, 'signedMessage' | 'senderSignature' | 'nonce' | 'yourNonce'>
}

/** The answer of `/listMessages` on the wire. */
export interface ListMessagesJson {
  readonly status: 'success'
  readonly messages: readonly ListedMessageJson[]
  readonly cursor?: string
  readonly more?: boolean
}

export const maxListLimit = 1000
const maxCursorCharacters = 200

/** Reads a message as any BRC-33 relay lists it. */
export const listedMessageSchema = z.looseObject({
  messageId: z.coerce.string(),
  body: z.string(),
  sender: identityKeySchema,
  timestamp: z.number().optional(),
  createdAt: z.string().optional(),
  box: z.string().optional(),
  id: z.string().optional(),
  proof: z.string().optional(),
  originHost: z.string().optional(),
  acknowledgedElsewhere: z.boolean().optional(),
  envelope: z.unknown().optional(),
})

/** Reads the answer of any BRC-33 relay: only its three fields of a message are certain. */
export const listMessagesAnswerSchema = z.object({
  status: z.literal('success'),
  messages: z.array(listedMessageSchema),
  cursor: z.string().optional(),
  more: z.boolean().optional(),
})
export type ListMessagesAnswer = z.output<typeof listMessagesAnswerSchema>

/** @throws {RelayError} ERR_MESSAGEBOX_REQUIRED, ERR_INVALID_MESSAGEBOX, ERR_INVALID_CURSOR, ERR_INVALID_PARAMETERS */
export function parseListMessages(json: unknown): ListMessagesRequest {
  const { messageBox, limit, cursor, envelope } = asRecord(json) ?? {}
  if (isAbsent(messageBox) || messageBox === '') throw new RelayError('ERR_MESSAGEBOX_REQUIRED')
  const box = toBoxName(messageBox)
  if (box === null) throw new RelayError('ERR_INVALID_MESSAGEBOX')
  if (!isAbsent(limit) && !isLimit(limit)) {
    throw new RelayError('ERR_INVALID_PARAMETERS', `limit must be a whole number from 1 to ${maxListLimit}.`)
  }
  if (!isAbsent(cursor) && !(typeof cursor === 'string' && cursor.length <= maxCursorCharacters)) {
    throw new RelayError('ERR_INVALID_CURSOR')
  }
  if (!isAbsent(envelope) && typeof envelope !== 'boolean') {
    throw new RelayError('ERR_INVALID_PARAMETERS', 'envelope must be true or false.')
  }
  return { box, limit: limit ?? null, cursor: cursor ?? null, withEnvelopes: envelope ?? false }
}

/**
 * The id under which a message is listed when its own id already waits from another sender or in another box:
 * `<id>~<8 hexadecimal digits of SHA-256("<box>\n<sender>")>` (relay-http.md section 2).
 */
export function uniqueListedId(messageId: MessageId, box: BoxName, sender: IdentityKey, hasher: Hasher): string {
  const hash = hasher.sha256(new TextEncoder().encode(`${box}\n${sender}`))
  return `${messageId}~${bytesToHex(hash.subarray(0, 4))}`
}

function isLimit(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= maxListLimit
}
