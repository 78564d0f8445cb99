import * as z from 'zod'
import { isSignatureHex, isTimestamp, type Envelope } from './envelope.ts'
import { RelayError, type ErrorCode } from './errors.ts'
import { asRecord } from './json.ts'
import {
  boxNameSchema,
  forwardIdSchema,
  identityKeySchema,
  messageIdSchema,
  type BoxName,
  type ForwardId,
  type IdentityKey,
  type MessageId,
} from './scalars.ts'

/** A message that one host hands to another, with the proof that its sender wrote it (BRC-34, Message Delivery Endpoint). */
export interface PropagatedMessage {
  readonly sender: IdentityKey
  readonly recipient: IdentityKey
  readonly box: BoxName
  readonly messageId: MessageId
  readonly body: string
  readonly envelope: Envelope
  readonly forwardId: ForwardId
}

/** `POST /propagateMessage` on the wire, and one item of `POST /propagateMessages`. */
export interface PropagateMessageJson {
  readonly originalSender: string
  readonly proof: 'envelope'
  readonly signedMessage: {
    readonly recipient: string
    readonly messageBox: string
    readonly messageId: string
    readonly body: string
  }
  /** The envelope's time, Unix milliseconds. */
  readonly timestamp: number
  /** The envelope's signature: DER as hexadecimal digits. */
  readonly senderSignature: string
  readonly forwardId: string
}

/** `POST /propagateMessages` on the wire. */
export interface PropagateMessagesJson {
  readonly messages: readonly PropagateMessageJson[]
}

/** What became of one item, on the wire. */
export type PropagateResultJson =
  | { readonly status: 'success'; readonly duplicate?: true }
  | { readonly status: 'error'; readonly code: ErrorCode; readonly description: string }

export const maxBatchMessages = 100
/** Of the whole body. One message that is larger goes alone, by `/propagateMessage`. */
export const maxBatchBytes = 1_048_576

const resultSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('success'), duplicate: z.boolean().optional() }),
  z.object({ status: z.literal('error'), code: z.string(), description: z.string().optional() }),
])
/** The answer of `/propagateMessage`. */
export const propagateMessageAnswerSchema = resultSchema.options[0]
/** The answer of `/propagateMessages`: a result for each item, in order. */
export const propagateMessagesAnswerSchema = z.object({ status: z.literal('success'), results: z.array(resultSchema) })
export type PropagateMessagesAnswer = z.output<typeof propagateMessagesAnswerSchema>

const signedMessageSchema = z.object({
  recipient: identityKeySchema,
  messageBox: boxNameSchema,
  messageId: messageIdSchema,
  body: z.string().regex(/\S/, 'must not be blank'),
})
const itemSchema = z.object({
  originalSender: identityKeySchema,
  signedMessage: signedMessageSchema,
  timestamp: z.custom<number>(isTimestamp, 'must be Unix milliseconds'),
  senderSignature: z.custom<string>(isSignatureHex, 'must be DER as hexadecimal digits'),
  forwardId: forwardIdSchema,
})

/**
 * One propagated message, its form checked. BRC-34's bare `keyLinkage` proves nothing (phip.md section 7), so an item that
 * names no proof, or one that we do not know, is refused before anything else is read.
 * @throws {RelayError} ERR_INVALID_PARAMETERS, ERR_SENDER_LINKAGE_VERIFICATION_FAILED
 */
export function parsePropagateMessage(json: unknown): PropagatedMessage {
  const item = asRecord(json)
  if (item === null) throw new RelayError('ERR_INVALID_PARAMETERS')
  if (item['proof'] !== 'envelope') {
    throw new RelayError(
      'ERR_SENDER_LINKAGE_VERIFICATION_FAILED',
      "This host takes the sender's envelope as proof, and no other.",
    )
  }
  const parsed = itemSchema.safeParse(item)
  if (!parsed.success) throw new RelayError('ERR_INVALID_PARAMETERS', describe(parsed.error))
  const { originalSender, signedMessage, timestamp, senderSignature, forwardId } = parsed.data
  const { recipient, messageBox, messageId, body } = signedMessage
  const envelope = { timestampMs: timestamp, signatureHex: senderSignature.toLowerCase() }
  return { sender: originalSender, recipient, box: messageBox, messageId, body, envelope, forwardId }
}

/**
 * The items of a batch, in order: each stands for itself, so a bad one is an error in its place.
 * @throws {RelayError} ERR_INVALID_PARAMETERS when it is no batch, or an empty or too long one
 */
export function parsePropagateMessages(json: unknown): (PropagatedMessage | RelayError)[] {
  const messages: unknown = asRecord(json)?.['messages']
  if (!Array.isArray(messages) || messages.length === 0 || messages.length > maxBatchMessages) {
    throw new RelayError('ERR_INVALID_PARAMETERS', `messages must be a list of 1 to ${maxBatchMessages} messages.`)
  }
  return messages.map((item: unknown) => {
    try {
      return parsePropagateMessage(item)
    } catch (error) {
      if (error instanceof RelayError) return error
      throw error
    }
  })
}

function describe({ issues }: z.ZodError): string {
  const [first] = issues
  return first === undefined ? 'The item is not valid.' : `${first.path.join('.')}: ${first.message}`
}
