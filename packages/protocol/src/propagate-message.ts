import * as z from 'zod'
import { base64ToBytes } from './base64.ts'
import type { Custody } from './custody-receipt.ts'
import { contentOf, type MessageContent } from './content.ts'
import { isSignatureHex, isTimestamp, type Envelope } from './envelope.ts'
import { RelayError, type ErrorCode } from './errors.ts'
import { asRecord, type JsonRecord } from './json.ts'
import {
  boxNameSchema,
  forwardIdSchema,
  identityKeySchema,
  logNameSchema,
  messageIdSchema,
  type BoxName,
  type ForwardId,
  type IdentityKey,
  type MessageId,
} from './scalars.ts'
import { proofKinds, type NamedLinkage, type ProofKind, type SignedRequest } from './sender-proof.ts'
import { parseSignedSend } from './signed-send.ts'

/** What came with a message to show who wrote it; its form was checked, and not yet whether it holds. */
export type PropagatedProof =
  | { readonly kind: 'envelope'; readonly envelope: Envelope }
  /** The message was read out of the request's payload, where `signedId` is its id; null: the sender gave none. */
  | {
      readonly kind: 'brc94'
      readonly request: SignedRequest
      readonly signedId: MessageId | null
      readonly linkage: NamedLinkage
    }
  /** The host that handed it in says so. `request`: in a handover, the one in which the sender made it, by which it is known again. */
  | {
      readonly kind: 'host'
      readonly request?: { readonly payload: Uint8Array; readonly signedId: MessageId | null }
    }

/** A message that one host hands to another, with the proof that its sender wrote it (BRC-34, Message Delivery Endpoint). */
export interface PropagatedMessage extends MessageContent {
  readonly sender: IdentityKey
  readonly recipient: IdentityKey
  readonly box: BoxName
  readonly messageId: MessageId
  readonly proof: PropagatedProof
  readonly forwardId: ForwardId
  /** It was delivered here before, says the host that hands it in (docs/specs/resend.md). */
  readonly again?: true
}

/** `POST /propagateMessage` on the wire, and one item of `POST /propagateMessages`. */
export type PropagatedItemJson = (PropagateMessageJson | RequestItemJson | VouchedItemJson) & { readonly again?: true }

/** An item that its sender signed (docs/specs/envelope.md). */
export interface PropagateMessageJson {
  readonly originalSender: string
  readonly proof: 'envelope'
  readonly signedMessage: NamedMessageJson & { readonly body: string }
  /** The envelope's time, Unix milliseconds. */
  readonly timestamp: number
  /** The envelope's signature: DER as hexadecimal digits. */
  readonly senderSignature: string
  readonly forwardId: string
}

/** An item whose sender signed the request in which it came. */
export interface RequestItemJson {
  readonly originalSender: string
  readonly proof: 'brc94'
  readonly message: NamedMessageJson
  /** The request's payload, base64. */
  readonly signedMessage: string
  readonly senderSignature: string
  readonly nonce: string
  readonly yourNonce: string
  /** SHA-256 of the linkage, hexadecimal. */
  readonly linkage: string
  readonly revelation?: LinkageRevelationJson
  readonly forwardId: string
}

/** What `revealCounterpartyKeyLinkage` returns (BRC-94), bytes in base64. */
export interface LinkageRevelationJson {
  readonly prover: string
  readonly verifier: string
  readonly counterparty: string
  readonly revelationTime: string
  readonly encryptedLinkage: string
  readonly encryptedLinkageProof: string
}

/** An item for which the sending host vouches. */
export interface VouchedItemJson {
  readonly originalSender: string
  readonly proof: 'host'
  readonly message: NamedMessageJson & { readonly body: string | object }
  readonly forwardId: string
}

/** In a handover: an item for which the host vouches, and which it shows in the request that its sender made to another host. */
export interface VouchedRequestItemJson {
  readonly originalSender: string
  readonly proof: 'host'
  readonly message: NamedMessageJson
  /** The request's payload, base64. */
  readonly signedMessage: string
  readonly forwardId: string
}

export interface NamedMessageJson {
  readonly recipient: string
  readonly messageBox: string
  readonly messageId: string
}

/** `POST /propagateMessages` on the wire. */
export interface PropagateMessagesJson {
  readonly messages: readonly PropagatedItemJson[]
}

/** What became of one item, on the wire. */
export type PropagateResultJson =
  | {
      readonly status: 'success'
      readonly duplicate?: true
      /** docs/specs/custody-receipt.md */
      readonly custody?: Custody
    }
  | { readonly status: 'error'; readonly code: ErrorCode; readonly description: string }

export const maxBatchMessages = 100
/** Of the whole body. One message that is larger goes alone, by `/propagateMessage`. */
export const maxBatchBytes = 1_048_576

const resultSchema = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('success'),
    duplicate: z.boolean().optional(),
    /** As it came: what is wrong with a receipt is no fault of the delivery. */
    custody: z.unknown().optional(),
  }),
  z.object({ status: z.literal('error'), code: z.string(), description: z.string().optional() }),
])
/** The answer of `/propagateMessage`. */
export const propagateMessageAnswerSchema = resultSchema.options[0].extend({
  custodySignature: z.unknown().optional(),
  log: logNameSchema.optional().catch(undefined),
})
/** The answer of `/propagateMessages`: a result for each item, in order. */
export const propagateMessagesAnswerSchema = z.object({
  status: z.literal('success'),
  results: z.array(resultSchema),
  log: logNameSchema.optional().catch(undefined),
  custodySignature: z.unknown().optional(),
})
export type PropagateMessagesAnswer = z.output<typeof propagateMessagesAnswerSchema>

const longestRevelationTime = 64
const longestNonce = 200

const nameSchema = z.object({ recipient: identityKeySchema, messageBox: boxNameSchema, messageId: messageIdSchema })
const textBodySchema = z.string().regex(/\S/, 'must not be blank')
const signatureSchema = z.custom<string>(isSignatureHex, 'must be DER as hexadecimal digits')
const nonceSchema = z.string().min(1).max(longestNonce)
const bytesSchema = z.string().transform((text, context) => {
  const bytes = base64ToBytes(text)
  if (bytes !== null) return bytes
  context.addIssue({ code: 'custom', message: 'must be base64' })
  return z.NEVER
})
const shortBytesSchema = z.string().max(1_024).pipe(bytesSchema)

const itemSchemas = {
  envelope: z.object({
    originalSender: identityKeySchema,
    signedMessage: nameSchema.extend({ body: textBodySchema }),
    timestamp: z.custom<number>(isTimestamp, 'must be Unix milliseconds'),
    senderSignature: signatureSchema,
    forwardId: forwardIdSchema,
  }),
  brc94: z.object({
    originalSender: identityKeySchema,
    message: nameSchema,
    signedMessage: bytesSchema,
    senderSignature: signatureSchema,
    nonce: nonceSchema,
    yourNonce: nonceSchema,
    linkage: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits'),
    revelation: z
      .object({
        prover: identityKeySchema,
        verifier: identityKeySchema,
        counterparty: identityKeySchema,
        revelationTime: z.string().min(1).max(longestRevelationTime),
        encryptedLinkage: shortBytesSchema,
        encryptedLinkageProof: shortBytesSchema,
      })
      .optional(),
    forwardId: forwardIdSchema,
  }),
  host: z.object({
    originalSender: identityKeySchema,
    message: nameSchema.extend({ body: z.union([textBodySchema, z.looseObject({}), z.array(z.unknown())]) }),
    forwardId: forwardIdSchema,
  }),
} as const satisfies Record<ProofKind, z.ZodType>
const vouchedRequestSchema = itemSchemas.brc94.pick({
  ...({ originalSender: true, message: true, signedMessage: true, forwardId: true } as const),
})

/**
 * One propagated message, its form checked. BRC-34's bare `keyLinkage` proves nothing (phip.md section 7), so an item that
 * names no proof, or one that we do not know, is refused before anything else is read. A message with its sender's request is
 * read out of that request.
 * @throws {RelayError} ERR_INVALID_PARAMETERS, ERR_SENDER_LINKAGE_VERIFICATION_FAILED
 */
export function parsePropagateMessage(json: unknown): PropagatedMessage {
  const item = asRecord(json)
  if (item === null) throw new RelayError('ERR_INVALID_PARAMETERS')
  const message = parseItem(item)
  return item['again'] === true ? { ...message, again: true } : message
}

function parseItem(item: JsonRecord): PropagatedMessage {
  switch (item['proof']) {
    case 'envelope':
      return parseEnvelopeItem(item)
    case 'brc94':
      return parseRequestItem(item)
    case 'host':
      return parseVouchedItem(item)
    default:
      throw unproven(`This host takes ${proofKinds.join(', ')} as proof of the sender, and no other.`)
  }
}

/**
 * The items of a batch, in order: each stands for itself, so a bad one is an error in its place.
 * @throws {RelayError} ERR_INVALID_PARAMETERS when it is no batch, or an empty or too long one
 */
export function parsePropagateMessages(
  json: unknown,
  parseOne: (item: unknown) => PropagatedMessage = parsePropagateMessage,
): (PropagatedMessage | RelayError)[] {
  const messages: unknown = asRecord(json)?.['messages']
  if (!Array.isArray(messages) || messages.length === 0 || messages.length > maxBatchMessages) {
    throw new RelayError('ERR_INVALID_PARAMETERS', `messages must be a list of 1 to ${maxBatchMessages} messages.`)
  }
  return messages.map((item: unknown) => {
    try {
      return parseOne(item)
    } catch (error) {
      if (error instanceof RelayError) return error
      throw error
    }
  })
}

function parseEnvelopeItem(item: unknown): PropagatedMessage {
  const { originalSender, signedMessage, timestamp, senderSignature, forwardId } = parse(itemSchemas.envelope, item)
  const { recipient, messageBox, messageId, body } = signedMessage
  const envelope = { timestampMs: timestamp, signatureHex: senderSignature.toLowerCase() }
  return {
    sender: originalSender,
    recipient,
    box: messageBox,
    messageId,
    contentType: 'text/plain',
    body,
    proof: { kind: 'envelope', envelope },
    forwardId,
  }
}

function parseRequestItem(item: unknown): PropagatedMessage {
  const parsed = parse(itemSchemas.brc94, item)
  const { originalSender: sender, signedMessage: payload, senderSignature, forwardId, message, linkage } = parsed
  const { signedId, ...asked } = readRequest(payload, message)
  const request = {
    payload,
    nonce: parsed.nonce,
    sessionNonce: parsed.yourNonce,
    signatureHex: senderSignature.toLowerCase(),
  }
  const proof = {
    ...({ kind: 'brc94', request, signedId } as const),
    linkage: { hash: linkage, revelation: parsed.revelation ?? null },
  }
  return { sender, ...asked, proof, forwardId }
}

/**
 * One item of a handover (docs/specs/handover.md), its form checked: also with the request that its sender made to another host, in
 * place of the body. @throws {RelayError} as {@link parsePropagateMessage}
 */
export function parseHandedOver(json: unknown): PropagatedMessage {
  const item = asRecord(json)
  if (item?.['proof'] !== 'host' || item['signedMessage'] === undefined) return parsePropagateMessage(json)
  const { originalSender: sender, message, signedMessage: payload, forwardId } = parse(vouchedRequestSchema, item)
  const { signedId, ...asked } = readRequest(payload, message)
  return { sender, ...asked, proof: { kind: 'host', request: { payload, signedId } }, forwardId }
}

/** The message of that name in a sender's request, and its id there. */
function readRequest(payload: Uint8Array, name: z.output<typeof nameSchema>) {
  const send = parseSignedSend(payload)
  if (send === null) throw unproven('signedMessage is no whole request for /sendMessage.')
  const { recipient, messageBox: box, messageId } = name
  const asked = send.recipients.find(
    (to) => to.recipient === recipient && (to.messageId === null ? isMadeId(messageId) : to.messageId === messageId),
  )
  if (send.box !== box || asked === undefined) throw unproven('signedMessage does not ask for this message.')
  return { recipient, box, messageId, ...contentOf(send.body), signedId: asked.messageId }
}

function parseVouchedItem(item: unknown): PropagatedMessage {
  const { originalSender: sender, message, forwardId } = parse(itemSchemas.host, item)
  const { recipient, messageBox: box, messageId, body } = message
  return { sender, recipient, box, messageId, ...contentOf(body), proof: { kind: 'host' }, forwardId }
}

/** Whether it is an id as hosts make them for senders that give none (BRC-33 to the letter). */
function isMadeId(id: MessageId): boolean {
  return /^[1-9][0-9]{0,19}$/.test(id)
}

function unproven(description: string): RelayError {
  return new RelayError('ERR_SENDER_LINKAGE_VERIFICATION_FAILED', description)
}

function parse<Schema extends z.ZodType>(schema: Schema, item: unknown): z.output<Schema> {
  const parsed = schema.safeParse(item)
  if (parsed.success) return parsed.data
  const [first] = parsed.error.issues
  const fault = first === undefined ? 'The item is not valid.' : `${first.path.join('.')}: ${first.message}`
  throw new RelayError('ERR_INVALID_PARAMETERS', fault)
}
