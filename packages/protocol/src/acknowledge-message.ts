import * as z from 'zod'
import {
  maxSignedAcknowledgements,
  type AcknowledgedMessage,
  type Acknowledgement,
  type AcknowledgementJson,
} from './acknowledgement.ts'
import { envelopeFromJson } from './envelope.ts'
import { RelayError } from './errors.ts'
import { asRecord, isAbsent, parseOrNull } from './json.ts'
import { boxNameSchema, identityKeySchema, messageIdSchema } from './scalars.ts'

/** `POST /acknowledgeMessage`, checked: by listed ids (BRC-33), or by box, sender and id (ours). Never empty. */
export type AcknowledgeMessageRequest =
  | { readonly kind: 'listed'; readonly listedIds: readonly string[] }
  | {
      readonly kind: 'named'
      readonly messages: readonly AcknowledgedMessage[]
      /** The user's own signature, for their other hosts (docs/specs/sync-acknowledgements.md); not yet checked. */
      readonly acknowledgement: Acknowledgement | null
    }

/** `POST /acknowledgeMessage` on the wire. */
export type AcknowledgeMessageJson =
  | { readonly messageIds: readonly (string | number)[] }
  | {
      readonly messages: readonly { messageBox: string; sender: string; messageId: string }[]
      readonly acknowledgement?: AcknowledgementJson
    }

export const maxAcknowledgements = 10_000
/** An id of 256 characters that was made unique more than once. */
const maxListedIdCharacters = 512

/** `acknowledged` is how many messages went; only our hosts say it. */
export const acknowledgeMessageAnswerSchema = z.object({
  status: z.literal('success'),
  acknowledged: z.number().int().optional(),
})
export type AcknowledgeMessageAnswer = z.output<typeof acknowledgeMessageAnswerSchema>

export const acknowledgedMessageSchema = z
  .object({ messageBox: boxNameSchema, sender: identityKeySchema, messageId: messageIdSchema })
  .transform(({ messageBox, sender, messageId }) => ({ box: messageBox, sender, messageId }))

/** @throws {RelayError} ERR_MESSAGE_ID_REQUIRED, ERR_INVALID_MESSAGE_ID, ERR_INVALID_REQUEST */
export function parseAcknowledgeMessage(json: unknown): AcknowledgeMessageRequest {
  const { messageIds, messages, acknowledgement } = asRecord(json) ?? {}
  const given = isAbsent(messages) ? messageIds : messages
  if (isAbsent(given) || (Array.isArray(given) && given.length === 0)) throw new RelayError('ERR_MESSAGE_ID_REQUIRED')
  if (!isAbsent(messages) && !isAbsent(messageIds)) {
    throw new RelayError('ERR_INVALID_REQUEST', 'Give messageIds or messages, not both.')
  }
  if (!Array.isArray(given)) throw new RelayError('ERR_INVALID_MESSAGE_ID')
  if (given.length > maxAcknowledgements) {
    throw new RelayError('ERR_INVALID_REQUEST', `At most ${maxAcknowledgements} messages can be acknowledged at once.`)
  }
  return isAbsent(messages)
    ? { kind: 'listed', listedIds: given.map(listedId) }
    : { kind: 'named', messages: given.map(namedMessage), acknowledgement: signedBy(acknowledgement, given.length) }
}

function signedBy(json: unknown, messages: number): Acknowledgement | null {
  if (isAbsent(json)) return null
  const acknowledgement = envelopeFromJson(json)
  if (acknowledgement !== null && messages <= maxSignedAcknowledgements) return acknowledgement
  throw new RelayError('ERR_INVALID_REQUEST', `acknowledgement signs at most ${maxSignedAcknowledgements} messages.`)
}

function listedId(value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.length <= maxListedIdCharacters) return value
  if (Number.isSafeInteger(value) && (value as number) >= 0) return String(value)
  throw new RelayError('ERR_INVALID_MESSAGE_ID')
}

function namedMessage(value: unknown): AcknowledgedMessage {
  const message = parseOrNull(acknowledgedMessageSchema, value)
  if (message !== null) return message
  throw new RelayError('ERR_INVALID_REQUEST', 'A message is named by messageBox, sender and messageId.')
}
