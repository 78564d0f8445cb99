import { RelayError, type ErrorCode } from './errors.ts'
import { asRecord, isAbsent } from './json.ts'
import { toBoxName, toIdentityKey, type BoxName, type IdentityKey } from './scalars.ts'
import { maxRecipients } from './send-message.ts'

/** The parameters of a query, as HTTP servers give them: one that came several times is a list. */
export type QueryParameters = Readonly<Record<string, string | string[] | undefined>>

export type DeliveryStatus = 'always_allow' | 'blocked' | 'payment_required'

/** A rule on the wire, in both spellings: the official client reads one, the reference server writes the other. */
export interface PermissionJson {
  /** Null: the box as a whole. */
  readonly sender: string | null
  readonly messageBox: string
  readonly message_box: string
  readonly recipientFee: number
  readonly recipient_fee: number
  readonly status: DeliveryStatus
  readonly createdAt: string
  readonly created_at: string
  readonly updatedAt: string
  readonly updated_at: string
}

/** What it costs to send to one of several recipients. */
export interface RecipientQuoteJson {
  readonly recipient: string
  readonly messageBox: string
  /** The host's. */
  readonly deliveryFee: number
  /** The recipient's; -1: blocked. */
  readonly recipientFee: number
  readonly status: DeliveryStatus
}

/** More than there is. */
export const maxFeeSatoshis = 2_100_000_000_000_000
const mostPerPage = 1_000
const usualPage = 100
const maxOffset = 1_000_000_000

export function deliveryStatus(feeSatoshis: number): DeliveryStatus {
  if (feeSatoshis < 0) return 'blocked'
  return feeSatoshis === 0 ? 'always_allow' : 'payment_required'
}

/**
 * `POST /permissions/set`, checked. A fee of null takes the rule away; no sender means the box as a whole.
 * @throws {RelayError} ERR_INVALID_REQUEST, ERR_INVALID_MESSAGE_BOX, ERR_INVALID_PUBLIC_KEY, ERR_INVALID_FEE_VALUE
 */
export function parseSetPermission(
  json: unknown,
  isPublicKey: (key: IdentityKey) => boolean,
): { readonly box: BoxName; readonly sender: IdentityKey | null; readonly feeSatoshis: number | null } {
  const { messageBox, recipientFee, sender } = asRecord(json) ?? {}
  if (isAbsent(messageBox) || recipientFee === undefined) {
    throw new RelayError('ERR_INVALID_REQUEST', 'messageBox and recipientFee are required.')
  }
  const box = parseBox(messageBox)
  const key = parseSender(sender, isPublicKey)
  if (recipientFee !== null && !isFee(recipientFee)) throw new RelayError('ERR_INVALID_FEE_VALUE')
  return { box, sender: key, feeSatoshis: recipientFee }
}

/**
 * `GET /permissions/get`, checked. It is about the caller's own boxes, whatever `recipient` says.
 * @throws {RelayError} ERR_MISSING_PARAMETERS, ERR_INVALID_MESSAGE_BOX, ERR_INVALID_PUBLIC_KEY
 */
export function parseGetPermission(
  query: QueryParameters,
  isPublicKey: (key: IdentityKey) => boolean,
): { readonly box: BoxName; readonly sender: IdentityKey | null } {
  const { sender } = query
  const messageBox = boxParameter(query)
  if (messageBox === undefined) throw new RelayError('ERR_MISSING_PARAMETERS', 'messageBox is required.')
  return { box: parseBox(messageBox), sender: parseSender(sender, isPublicKey) }
}

/**
 * `GET /permissions/quote`, checked: what the caller would pay to send to each of the recipients.
 * @throws {RelayError} ERR_MISSING_PARAMETERS, ERR_INVALID_REQUEST (too many), ERR_INVALID_MESSAGE_BOX, ERR_INVALID_PUBLIC_KEY
 */
export function parsePermissionQuote(
  query: QueryParameters,
  isPublicKey: (key: IdentityKey) => boolean,
): { readonly box: BoxName; readonly recipients: readonly IdentityKey[] } {
  const messageBox = boxParameter(query)
  const keys = [query['recipient'] ?? []].flat()
  if (messageBox === undefined || keys.length === 0) {
    throw new RelayError('ERR_MISSING_PARAMETERS', 'recipient and messageBox are required.')
  }
  if (keys.length > maxRecipients) {
    throw new RelayError('ERR_INVALID_REQUEST', `A quote can be for at most ${maxRecipients} recipients.`)
  }
  return { box: parseBox(messageBox), recipients: keys.map((key) => parseKey(key, isPublicKey)) }
}

/**
 * `GET /permissions/list`, checked.
 * @throws {RelayError} ERR_INVALID_MESSAGE_BOX, ERR_INVALID_LIMIT, ERR_INVALID_OFFSET
 */
export function parseListPermissions(query: QueryParameters): {
  readonly box: BoxName | null
  readonly limit: number
  readonly offset: number
} {
  const messageBox = boxParameter(query)
  return {
    box: messageBox === undefined ? null : parseBox(messageBox),
    limit: wholeNumber(query['limit'], { from: 1, to: mostPerPage, otherwise: usualPage }, 'ERR_INVALID_LIMIT'),
    offset: wholeNumber(query['offset'], { from: 0, to: maxOffset, otherwise: 0 }, 'ERR_INVALID_OFFSET'),
  }
}

/** Both spellings: the official client writes one, the reference server reads the other. An empty one is none. */
function boxParameter(query: QueryParameters): string | string[] | undefined {
  const value = query['messageBox'] ?? query['message_box']
  return value === '' ? undefined : value
}

function parseBox(value: unknown): BoxName {
  const box = toBoxName(value)
  if (box === null) throw new RelayError('ERR_INVALID_MESSAGE_BOX')
  return box
}

function parseSender(value: unknown, isPublicKey: (key: IdentityKey) => boolean): IdentityKey | null {
  return isAbsent(value) || value === '' ? null : parseKey(value, isPublicKey)
}

function parseKey(value: unknown, isPublicKey: (key: IdentityKey) => boolean): IdentityKey {
  const key = toIdentityKey(value)
  if (key === null || !isPublicKey(key)) throw new RelayError('ERR_INVALID_PUBLIC_KEY')
  return key
}

function isFee(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= -1 && (value as number) <= maxFeeSatoshis
}

function wholeNumber(
  text: string | string[] | undefined,
  { from, to, otherwise }: { from: number; to: number; otherwise: number },
  code: ErrorCode,
): number {
  if (text === undefined) return otherwise
  const value = typeof text === 'string' && /^[0-9]{1,10}$/.test(text) ? Number(text) : NaN
  if (!(value >= from && value <= to)) throw new RelayError(code)
  return value
}
