import * as z from 'zod'
import { isTimestamp } from './envelope.ts'
import { RelayError } from './errors.ts'
import { asRecord, isAbsent, parseOrNull, type JsonRecord } from './json.ts'
import {
  authorizationText,
  type AuthorizationDates,
  type RoutingAuthorization,
  type RoutingTerms,
} from './phip-authorization.ts'
import { identityKeySchema, toIdentityKey, type IdentityKey } from './scalars.ts'
import { parseSignature } from './signature-field.ts'

/** `POST /authorizeRouting` on the wire: BRC-34's form with `message`, or ours with the terms one by one, or both. */
export interface AuthorizeRoutingJson {
  readonly message?: string
  readonly hostKey?: string
  readonly domain?: string
  readonly regex?: string
  /** With `expiresAtMs`: selects the dated kind (phip.md section 10). */
  readonly issuedAtMs?: number
  readonly expiresAtMs?: number
  /** DER as hexadecimal digits, or as the array of bytes that a BRC-100 wallet returns. */
  readonly signature: string | readonly number[]
}

/** `POST /revokeRouting` on the wire: the caller ends their own authorization at this host. */
export interface RevokeRoutingJson {
  readonly hostKey?: string
}

const maxTextCharacters = 1000

const revokeRoutingSchema = z.strictObject({ hostKey: identityKeySchema.optional() })

/**
 * The authorization in a request of `userKey`. Its form is checked, and that `message` says the same as the other fields;
 * `requireAuthorization` does the rest.
 * @throws {RelayError} ERR_INVALID_REQUEST, ERR_INVALID_AUTHORIZATION (message and fields disagree, or it is no such message)
 */
export function parseAuthorizeRouting(
  json: unknown,
  { userKey, hostKey }: { userKey: IdentityKey; hostKey: IdentityKey },
): RoutingAuthorization {
  const request = asRecord(json)
  if (request === null) throw new RelayError('ERR_INVALID_REQUEST')
  const signature = parseSignature(request['signature'])
  const dates = parseDates(request)
  const message = optionalText(request, 'message')
  const fields = parseFields(request)
  if (message === null) {
    if (fields.origin === null) {
      throw new RelayError('ERR_INVALID_REQUEST', 'Give the message that was signed, or the domain.')
    }
    const { origin, regex } = fields
    const pattern = regex === 'ALL' ? null : regex
    return { userKey, hostKey: fields.hostKey ?? hostKey, origin, pattern, dates, signature }
  }
  const terms = { userKey, ...parseMessage(message, dates), dates }
  const isAgreed =
    (fields.hostKey === null || fields.hostKey === terms.hostKey) &&
    (fields.origin === null || fields.origin === terms.origin) &&
    (fields.regex === null || fields.regex === (terms.pattern ?? 'ALL')) &&
    authorizationText(terms) === message
  if (!isAgreed) throw new RelayError('ERR_INVALID_AUTHORIZATION', 'The message does not read as the fields say.')
  return { ...terms, signature }
}

/**
 * Checks that the caller means this host. Strict, so that forms of later versions are not taken for this one.
 * @throws {RelayError} ERR_INVALID_REQUEST, ERR_NOT_AUTHORIZED (the key of another host)
 */
export function parseRevokeRouting(json: unknown, { hostKey }: { hostKey: IdentityKey }): void {
  const request = parseOrNull(revokeRoutingSchema, json ?? {})
  if (request === null) throw new RelayError('ERR_INVALID_REQUEST')
  if (request.hostKey !== undefined && request.hostKey !== hostKey) throw new RelayError('ERR_NOT_AUTHORIZED')
}

/** `<host key> <origin> <regex or ALL>[ <issuedAtMs> <expiresAtMs>]`: only the regex may hold blanks. */
function parseMessage(message: string, dates: AuthorizationDates | null): Omit<RoutingTerms, 'userKey' | 'dates'> {
  const suffix = dates === null ? '' : ` ${dates.issuedAtMs} ${dates.expiresAtMs}`
  const match = /^([^ ]+) ([^ ]+) (.+)$/s.exec(
    message.endsWith(suffix) ? message.slice(0, message.length - suffix.length) : '',
  )
  const [, key, origin, pattern] = match ?? []
  const hostKey = toIdentityKey(key)
  if (hostKey === null || origin === undefined || pattern === undefined) {
    throw new RelayError('ERR_INVALID_AUTHORIZATION', 'The message is not of the form that BRC-34 has a user sign.')
  }
  return { hostKey, origin, pattern: pattern === 'ALL' ? null : pattern }
}

/** Null for what is not given. */
function parseFields(request: JsonRecord): {
  hostKey: IdentityKey | null
  origin: string | null
  regex: string | null
} {
  const hostKey = isAbsent(request['hostKey']) ? null : toIdentityKey(request['hostKey'])
  if (hostKey === null && !isAbsent(request['hostKey'])) {
    throw new RelayError('ERR_INVALID_REQUEST', 'hostKey is not a public key.')
  }
  return { hostKey, origin: optionalText(request, 'domain'), regex: optionalText(request, 'regex') }
}

function parseDates({ issuedAtMs, expiresAtMs }: JsonRecord): AuthorizationDates | null {
  if (isAbsent(issuedAtMs) && isAbsent(expiresAtMs)) return null
  if (isTimestamp(issuedAtMs) && isTimestamp(expiresAtMs)) return { issuedAtMs, expiresAtMs }
  throw new RelayError('ERR_INVALID_REQUEST', 'issuedAtMs and expiresAtMs are both given in milliseconds, or neither.')
}

function optionalText(request: JsonRecord, name: 'message' | 'domain' | 'regex'): string | null {
  const value = request[name]
  if (isAbsent(value)) return null
  if (typeof value === 'string' && value !== '' && value.length <= maxTextCharacters) return value
  throw new RelayError('ERR_INVALID_REQUEST', `${name} must be text of at most ${maxTextCharacters} characters.`)
}
