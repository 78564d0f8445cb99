import * as z from 'zod'

/**
 * Every code that our HTTP doors answer, with its status and what it means. The one place where a code is made.
 * Sources: shared/spec/relay-http.md section 3, phip.md section 5, auth.md section 4.
 */
export const errorTable = {
  ERR_INVALID_REQUEST: [400, 'The request is not of the form that this route takes.'],
  ERR_INVALID_JSON: [400, 'The body is not JSON.'],
  ERR_INVALID_PARAMETERS: [400, 'A parameter is missing or of the wrong form.'],
  ERR_MESSAGE_REQUIRED: [400, 'A message is required.'],
  ERR_INVALID_MESSAGEBOX: [400, 'The message box must be a non-blank string.'],
  ERR_MESSAGEBOX_REQUIRED: [400, 'A message box is required.'],
  ERR_INVALID_MESSAGE_BODY: [400, 'The message body must be a non-blank string or an object.'],
  ERR_RECIPIENT_REQUIRED: [400, 'A recipient is required.'],
  ERR_INVALID_RECIPIENT_KEY: [400, 'The recipient is not a valid public key.'],
  ERR_MESSAGEID_REQUIRED: [400, 'A message id is required for each of several recipients.'],
  ERR_MESSAGEID_COUNT_MISMATCH: [400, 'There must be as many message ids as recipients.'],
  ERR_INVALID_MESSAGEID: [400, 'A message id must be a non-blank string.'],
  ERR_DUPLICATE_MESSAGE: [400, 'The same message id came before with another body.'],
  ERR_INVALID_ENVELOPE: [400, "The sender's envelope is not of the right form, or its signature does not verify."],
  ERR_TOO_OLD: [400, 'The message was made longer ago than this host remembers.'],
  ERR_MESSAGE_ID_REQUIRED: [400, 'At least one message id is required.'],
  ERR_INVALID_MESSAGE_ID: [400, 'Message ids must be strings or whole numbers.'],
  ERR_INVALID_ACKNOWLEDGMENT: [400, 'There is no such message to acknowledge.'],
  ERR_INVALID_CURSOR: [400, 'The cursor is not of the right form.'],
  ERR_INVALID_MESSAGE_BOX: [400, 'The message box must be a non-blank string.'],
  ERR_INVALID_FCM_TOKEN: [400, 'fcmToken must be a non-blank string.'],
  ERR_INVALID_PLATFORM: [400, 'platform must be ios, android or web.'],
  ERR_INVALID_PUBLIC_KEY: [400, 'That is not a valid public key.'],
  ERR_INVALID_FEE_VALUE: [400, 'The fee must be -1 (blocked), 0, or a number of satoshis.'],
  ERR_MISSING_PARAMETERS: [400, 'A parameter is missing.'],
  ERR_INVALID_LIMIT: [400, 'limit must be a whole number from 1 to 1000.'],
  ERR_INVALID_OFFSET: [400, 'offset must be a whole number, not below 0.'],
  ERR_MISSING_PAYMENT_TX: [400, 'Payment is required to send to this box, and this host cannot take payments yet.'],
  ERR_SIGNATURE_INVALID: [400, 'The signature does not verify.'],
  ERR_INVALID_AUTHORIZATION: [400, 'The authorization is not one that this host can carry out.'],
  ERR_INVALID_WITHDRAWAL: [400, 'The withdrawal is not one that this host can publish.'],
  ERR_NOT_AUTHORIZED: [404, 'There is no such authorization.'],
  UNAUTHORIZED: [401, 'Mutual authentication (BRC-103/104) failed or is missing.'],
  ERR_DELIVERY_BLOCKED: [403, 'Delivery is blocked.'],
  ERR_CLOSED: [403, 'This host takes no new identities.'],
  ERR_SENDER_LINKAGE_VERIFICATION_FAILED: [403, 'Nothing proves that the original sender wrote this message.'],
  ERR_RECIPIENT_NOT_HOSTED: [404, 'This host is not a home of the recipient.'],
  ERR_NOT_FOUND: [404, 'There is no such route.'],
  ERR_METHOD_NOT_ALLOWED: [405, 'The route does not take this method.'],
  ERR_LINKAGE_UNKNOWN: [409, 'This host does not know, or has forgotten, that linkage: send it again.'],
  ERR_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
  ERR_BODY_TOO_LARGE: [413, 'The body is larger than this host takes.'],
  ERR_TOO_EARLY: [425, "The time of the message lies in the future by this host's clock: send it again later."],
  ERR_RATE_LIMITED: [429, 'Too many requests.'],
  ERR_QUOTA_EXCEEDED: [429, 'A quota is used up.'],
  ERR_INTERNAL: [500, 'Something went wrong on this host.'],
  ERR_UNAVAILABLE: [503, 'This host cannot do that right now; try again.'],
  ERR_STORAGE_FULL: [507, 'This host has no room left to store that; try again later.'],
  ERR_EXPIRED: [504, 'It could not be delivered in the time that its host tries.'],
  ERR_NO_ROUTE: [404, 'No home of the recipient was found.'],
} as const satisfies Record<string, readonly [status: number, description: string]>

export type ErrorCode = keyof typeof errorTable

/** An error answer of any BRC-33 or BRC-34 host; its code may be one that we do not know. */
export const errorAnswerSchema = z.looseObject({
  status: z.literal('error'),
  code: z.string().catch('ERR_INTERNAL'),
  description: z.string().catch(''),
})
export type ErrorAnswer = z.output<typeof errorAnswerSchema>

/** A refusal with a code of {@link errorTable}. The description is shown to the caller: it says nothing about the inside. */
export class RelayError extends Error {
  readonly code: ErrorCode
  /** Further fields of the answer, such as `blockedRecipients`. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: ErrorCode,
    description: string = errorTable[code][1],
    options: { cause?: unknown; details?: Record<string, unknown> } = {},
  ) {
    super(description, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'RelayError'
    this.code = code
    this.details = options.details ?? {}
  }

  /** The HTTP status of this error's code. */
  get status(): number {
    return errorTable[this.code][0]
  }
}
