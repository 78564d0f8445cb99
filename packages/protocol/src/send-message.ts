import * as z from 'zod'
import { envelopeFromJson, type Envelope, type EnvelopeJson } from './envelope.ts'
import { RelayError } from './errors.ts'
import { asRecord, isAbsent, type JsonRecord } from './json.ts'
import {
  identityKeySchema,
  messageIdSchema,
  toBoxName,
  toIdentityKey,
  toMessageId,
  type BoxName,
  type IdentityKey,
  type MessageId,
} from './scalars.ts'

/** One recipient of a send. */
export interface SendRecipient {
  readonly recipient: IdentityKey
  /** Null: the host makes one (BRC-33 to the letter). Never null beside an envelope. */
  readonly messageId: MessageId | null
  readonly envelope: Envelope | null
}

/** `POST /sendMessage`, checked. */
export interface SendMessageRequest {
  /** At least one, at most {@link maxRecipients}. */
  readonly recipients: readonly SendRecipient[]
  readonly box: BoxName
  /** As sent. Always a string beside an envelope. */
  readonly body: string | object
}

/** `POST /sendMessage` on the wire, as our client writes it. Hosts ignore further fields. */
export interface SendMessageJson {
  readonly message: {
    readonly recipient?: string
    readonly recipients?: readonly string[]
    readonly messageBox: string
    readonly messageId?: string | readonly string[]
    readonly body: string | object
    readonly envelope?: EnvelopeJson | readonly (EnvelopeJson | null)[]
  }
}

/** Recipients of one send: each may be a copy of the body on disk. */
export const maxRecipients = 100

/** The answer of `/sendMessage`. `duplicate`: that message was here already, and the first one stays. */
export const sendMessageAnswerSchema = z.object({
  status: z.literal('success'),
  message: z.string().optional(),
  results: z.array(
    z.object({
      recipient: identityKeySchema,
      messageId: messageIdSchema,
      duplicate: z.literal(true).optional(),
      /** By which its sender asks what became of it (docs/specs/message-status.md). Other hosts give none. */
      handle: z.string().optional(),
    }),
  ),
})
export type SendMessageAnswer = z.output<typeof sendMessageAnswerSchema>

/**
 * Checks a send in the order of relay-http.md section 3. `isPublicKey` says whether a key of the right form is on the curve.
 * @throws {RelayError} ERR_MESSAGE_REQUIRED, ERR_INVALID_MESSAGEBOX, ERR_INVALID_MESSAGE_BODY, ERR_RECIPIENT_REQUIRED,
 * ERR_MESSAGEID_REQUIRED, ERR_MESSAGEID_COUNT_MISMATCH, ERR_INVALID_MESSAGEID, ERR_INVALID_RECIPIENT_KEY,
 * ERR_INVALID_REQUEST (too many recipients), ERR_INVALID_ENVELOPE (its form; whether it verifies is for the caller).
 */
export function parseSendMessage(json: unknown, isPublicKey: (key: IdentityKey) => boolean): SendMessageRequest {
  const message = asRecord(asRecord(json)?.['message'])
  if (message === null) throw new RelayError('ERR_MESSAGE_REQUIRED')
  const box = toBoxName(message['messageBox'])
  if (box === null) throw new RelayError('ERR_INVALID_MESSAGEBOX')
  const body = parseBody(message['body'])

  const keys = listOf(message['recipients'] ?? message['recipient'])
  if (keys.length === 0) throw new RelayError('ERR_RECIPIENT_REQUIRED')
  const ids = parseIds(message['messageId'], keys.length)
  if (keys.length > maxRecipients) {
    throw new RelayError('ERR_INVALID_REQUEST', `A message can have at most ${maxRecipients} recipients.`)
  }
  const recipients = keys.map((key) => {
    const recipient = toIdentityKey(key)
    if (recipient === null || !isPublicKey(recipient)) throw new RelayError('ERR_INVALID_RECIPIENT_KEY')
    return recipient
  })

  const envelopes = parseEnvelopes(message, recipients.length)
  return {
    recipients: recipients.map((recipient, index) => {
      const messageId = ids[index] ?? null
      const envelope = envelopes[index] ?? null
      if (envelope !== null && messageId === null) {
        throw new RelayError('ERR_INVALID_ENVELOPE', 'A message with an envelope needs the message id that was signed.')
      }
      return { recipient, messageId, envelope }
    }),
    box,
    body,
  }
}

function parseBody(body: unknown): string | object {
  if (typeof body === 'string' && /\S/.test(body)) return body
  if (typeof body === 'object' && body !== null) return body
  throw new RelayError('ERR_INVALID_MESSAGE_BODY')
}

/** An id for each recipient; an empty list when the host is to make the only one. */
function parseIds(value: unknown, recipients: number): MessageId[] {
  if (isAbsent(value)) {
    if (recipients > 1) throw new RelayError('ERR_MESSAGEID_REQUIRED')
    return []
  }
  const ids = listOf(value)
  if (ids.length !== recipients) throw new RelayError('ERR_MESSAGEID_COUNT_MISMATCH')
  return ids.map((id) => {
    const messageId = toMessageId(id)
    if (messageId === null) throw new RelayError('ERR_INVALID_MESSAGEID')
    return messageId
  })
}

function parseEnvelopes({ envelope, body }: JsonRecord, recipients: number): (Envelope | null)[] {
  if (isAbsent(envelope)) return []
  const envelopes = Array.isArray(envelope) ? (envelope as unknown[]) : [envelope]
  if (envelopes.length !== recipients) {
    throw new RelayError('ERR_INVALID_ENVELOPE', 'An envelope is for one recipient: there must be one for each.')
  }
  return envelopes.map((one) => {
    if (isAbsent(one)) return null
    if (typeof body !== 'string')
      throw new RelayError('ERR_INVALID_ENVELOPE', 'An envelope signs a body that is a string.')
    const parsed = envelopeFromJson(one)
    if (parsed === null) throw new RelayError('ERR_INVALID_ENVELOPE')
    return parsed
  })
}

function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  return isAbsent(value) || value === '' ? [] : [value]
}
