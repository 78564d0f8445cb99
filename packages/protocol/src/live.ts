import * as z from 'zod'
import { RelayError } from './errors.ts'
import { asRecord, isAbsent, isNestedTooDeep } from './json.ts'
import { listedMessageSchema, type ListedMessageJson } from './list-messages.ts'
import { toBoxName, toIdentityKey, type BoxName, type IdentityKey } from './scalars.ts'
import { parseSendMessage, type SendMessageRequest } from './send-message.ts'

/** Where plain WebSockets are taken (docs/specs/live.md). */
export const livePath = '/live'

/** A box as live connections name it: `<identity key>-<box>`. */
export interface Room {
  readonly owner: IdentityKey
  readonly box: BoxName
}

/** What is pushed to who follows a box. */
export interface LiveMessageJson {
  readonly messageBox: string
  /** Where to go on after this message. */
  readonly cursor: string
  /** As `/listMessages` lists it. */
  readonly message: ListedMessageJson
}

/** Reads what a host pushes. */
export const liveMessageSchema = z.object({ messageBox: z.string(), cursor: z.string(), message: listedMessageSchema })

/** `follow`, checked. */
export interface FollowRequest {
  readonly box: BoxName
  /** Where to go on; null: at the oldest message; `now`: with what comes from now on. */
  readonly from: { readonly cursor: string | null } | 'now'
  /** Whether senders' envelopes and requests are wanted too. */
  readonly withEnvelopes: boolean
}

const keyCharacters = 66
const maxCursorCharacters = 200

/** Boxes may have hyphens, keys have none: the first one parts them. */
export function parseRoomId(roomId: unknown): Room | null {
  if (typeof roomId !== 'string' || roomId[keyCharacters] !== '-') return null
  const owner = toIdentityKey(roomId.slice(0, keyCharacters))
  const box = toBoxName(roomId.slice(keyCharacters + 1))
  return owner === null || box === null ? null : { owner, box }
}

/**
 * A `sendMessage` event, `{roomId, message}`: the box is the room's, and the recipient, its owner, need not be repeated.
 * @throws {RelayError} ERR_INVALID_JSON (nested too deep), ERR_INVALID_MESSAGEBOX (no room), ERR_INVALID_RECIPIENT_KEY (another than the room's), and as parseSendMessage
 */
export function parseLiveSend(data: unknown, isPublicKey: (key: IdentityKey) => boolean): SendMessageRequest {
  const { roomId, message } = asRecord(data) ?? {}
  const fields = asRecord(message)
  if (fields === null) throw new RelayError('ERR_MESSAGE_REQUIRED')
  if (isNestedTooDeep(fields)) throw new RelayError('ERR_INVALID_JSON', 'The message is nested too deep.')
  const room = parseRoomId(roomId)
  if (room === null) throw new RelayError('ERR_INVALID_MESSAGEBOX', 'roomId must be <identity key>-<message box>.')
  const recipient = fields['recipient'] ?? room.owner
  const send = parseSendMessage(
    { message: { ...fields, recipients: undefined, recipient, messageBox: room.box } },
    isPublicKey,
  )
  if (send.recipients.length !== 1 || send.recipients[0]?.recipient !== room.owner) {
    throw new RelayError('ERR_INVALID_RECIPIENT_KEY', 'The recipient must be the owner of the room.')
  }
  return send
}

/** A `follow` event. @throws {RelayError} ERR_MESSAGEBOX_REQUIRED, ERR_INVALID_MESSAGEBOX, ERR_INVALID_CURSOR, ERR_INVALID_PARAMETERS */
export function parseFollow(data: unknown): FollowRequest {
  const { messageBox, cursor, from, envelope } = asRecord(data) ?? {}
  if (isAbsent(messageBox) || messageBox === '') throw new RelayError('ERR_MESSAGEBOX_REQUIRED')
  const box = toBoxName(messageBox)
  if (box === null) throw new RelayError('ERR_INVALID_MESSAGEBOX')
  if (!isAbsent(from) && (from !== 'now' || !isAbsent(cursor))) {
    throw new RelayError('ERR_INVALID_PARAMETERS', 'from can only be "now", and not beside a cursor.')
  }
  if (!isAbsent(envelope) && typeof envelope !== 'boolean') {
    throw new RelayError('ERR_INVALID_PARAMETERS', 'envelope must be true or false.')
  }
  const withEnvelopes = envelope ?? false
  if (from === 'now') return { box, from, withEnvelopes }
  if (isAbsent(cursor)) return { box, from: { cursor: null }, withEnvelopes }
  if (typeof cursor !== 'string' || cursor.length > maxCursorCharacters) throw new RelayError('ERR_INVALID_CURSOR')
  return { box, from: { cursor }, withEnvelopes }
}
