import { compileBoxPattern } from './box-pattern.ts'
import { originForRouting, type OriginPolicy } from './host-origin.ts'
import { phipTokenKey } from './names.ts'
import {
  authorizationKey,
  verifyAuthorization,
  type AuthorizationDates,
  type RoutingAuthorization,
  type RoutingTerms,
} from './phip-authorization.ts'
import { decodePushDrop } from './pushdrop-script.ts'
import type { IdentityKey } from './scalars.ts'
import type { SignatureVerifier } from './signature-verifier.ts'
import {
  concatFields,
  decodeKey,
  decodeText,
  encodeKey,
  encodeText,
  isSameBytes,
  signTokenScript,
  type TokenSigner,
} from './token-fields.ts'

/** An advert: a host says that it takes a user's messages, and carries that user's permission (BRC-34; dated: phip.md section 10). */
export interface PhipToken extends RoutingTerms {
  readonly kind: 'PHIP' | 'PHIP2'
  /** The permission's signature, DER. */
  readonly userSignature: Uint8Array
}

/** Why a script is not a valid token: the step of phip.md section 3 at which it fails, and words for an operator. */
export interface TokenFault {
  readonly fault: string
  readonly step: number
}

interface Parsed {
  readonly token: PhipToken
  readonly lockingKey: Uint8Array
  /** All fields but the last. */
  readonly signedFields: readonly Uint8Array[]
  readonly tokenSignature: Uint8Array
}

/**
 * The nine steps of phip.md section 3, in their order: 1 canonical script and number of fields, 2 identifier, 3 keys, 4 origin,
 * 5 dates and pattern, 6 locking key, 7 token signature, 8 user's signature, 9 `isBlocked`, a list of the operator's own.
 * Dates are not compared with any clock: every node must admit the same tokens at any time. `selectRoutes` does that.
 */
export function verifyPhipToken(
  script: Uint8Array,
  { verifier, ofUser, isBlocked = () => false, ...policy }: PhipVerification,
): { readonly token: PhipToken } | TokenFault {
  const parsed = parse(script, policy)
  if ('fault' in parsed) return parsed
  const { token, lockingKey, signedFields, tokenSignature } = parsed
  if (ofUser !== undefined && token.userKey !== ofUser) return { step: 9, fault: 'it is of another user' }
  const derivedKey = verifier.publicKey(token.hostKey, phipTokenKey)
  if (derivedKey === null) return { step: 3, fault: 'the host key is not on the curve' }
  if (verifier.publicKey(token.userKey, authorizationKey(token)) === null) {
    return { step: 3, fault: 'the user key is not on the curve' }
  }
  if (!isSameBytes(lockingKey, derivedKey))
    return { step: 6, fault: 'the locking key is not derived from the host key' }
  if (!verifier.verify(token.hostKey, phipTokenKey, concatFields(signedFields), tokenSignature)) {
    return { step: 7, fault: 'the token signature does not verify' }
  }
  if (!verifyAuthorization(phipAuthorization(token), verifier)) {
    return { step: 8, fault: "the user's signature does not verify" }
  }
  if (isBlocked(token)) return { step: 9, fault: 'the operator blocks this host, origin or user' }
  return { token }
}

export interface PhipVerification extends OriginPolicy {
  readonly verifier: SignatureVerifier
  /** Tokens of others are refused before any signature is checked. */
  readonly ofUser?: IdentityKey
  readonly isBlocked?: (token: PhipToken) => boolean
}

/** The token in a script that passes steps 1 to 5 (http allowed), else null. No signature was checked: for our own tokens. */
export function decodePhipToken(script: Uint8Array): PhipToken | null {
  const parsed = parse(script, { allowHttp: true })
  return 'fault' in parsed ? null : parsed.token
}

/** What the user of a token signed. */
export function phipAuthorization(token: PhipToken): RoutingAuthorization {
  const { userKey, hostKey, origin, pattern, dates, userSignature } = token
  return { userKey, hostKey, origin, pattern, dates, signature: userSignature }
}

/**
 * The script of a token: PHIP2 for a dated authorization, PHIP for an undated one. The same authorization gives the same
 * bytes each time. @throws {RangeError} when `signer` is not the host that the authorization names.
 */
export function createPhipTokenScript(signer: TokenSigner, authorization: RoutingAuthorization): Promise<Uint8Array> {
  const { userKey, hostKey, origin, pattern, dates, signature } = authorization
  const fields = [
    encodeText(dates === null ? 'PHIP' : 'PHIP2'),
    encodeKey(hostKey),
    encodeText(origin),
    encodeKey(userKey),
    signature,
    ...(dates === null ? [] : [encodeDates(dates)]),
    ...(pattern === null ? [] : [encodeText(pattern)]),
  ]
  return signTokenScript(signer, phipTokenKey, hostKey, fields)
}

/** Steps 1 to 5, as far as they need no arithmetic on the curve. */
function parse(script: Uint8Array, policy: OriginPolicy): Parsed | TokenFault {
  const pushDrop = decodePushDrop(script)
  if (pushDrop === null) return { step: 1, fault: 'the script is not a canonical PushDrop script' }
  const { fields, lockingKey } = pushDrop
  const signedFields = fields.slice(0, -1)
  const [name, host, origin, user, userSignature, ...terms] = signedFields
  const tokenSignature = fields.at(-1)
  if (!name || !host || !origin || !user || !userSignature || !tokenSignature) {
    return { step: 1, fault: 'the token has too few fields' }
  }

  const kind = decodeText(name)
  if (kind !== 'PHIP' && kind !== 'PHIP2') return { step: 2, fault: 'the first field is neither PHIP nor PHIP2' }
  const isDated = kind === 'PHIP2'
  const dateBytes = isDated ? terms[0] : undefined
  const patternBytes = terms[isDated ? 1 : 0]
  if (isDated && !dateBytes) return { step: 1, fault: 'the token has too few fields' }
  if (terms.length > (isDated ? 2 : 1)) return { step: 1, fault: 'the token has too many fields' }

  const hostKey = decodeKey(host)
  const userKey = decodeKey(user)
  if (hostKey === null || userKey === null) return { step: 3, fault: 'a key is not a compressed public key' }

  const originText = decodeText(origin)
  if (originText === null || originForRouting(originText, policy) === null) {
    return { step: 4, fault: 'the origin is not canonical, or its scheme is not allowed' }
  }

  const dates = dateBytes ? decodeDates(dateBytes) : null
  if (dateBytes && dates === null) return { step: 5, fault: 'the dates are not two numbers of 8 bytes' }
  const pattern = patternBytes ? decodeText(patternBytes) : null
  if (patternBytes && (pattern === null || compileBoxPattern(pattern) === null)) {
    return { step: 5, fault: 'the box pattern is ALL, too long, or does not compile' }
  }

  const token = { kind, hostKey, origin: originText, userKey, userSignature, dates, pattern } as const
  return { token, lockingKey, signedFields, tokenSignature }
}

function encodeDates({ issuedAtMs, expiresAtMs }: AuthorizationDates): Uint8Array {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, BigInt(issuedAtMs))
  view.setBigUint64(8, BigInt(expiresAtMs))
  return bytes
}

/** Null unless they are 2 x 8 bytes that are safe integers. */
function decodeDates(bytes: Uint8Array): AuthorizationDates | null {
  if (bytes.length !== 16) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const issuedAtMs = Number(view.getBigUint64(0))
  const expiresAtMs = Number(view.getBigUint64(8))
  return Number.isSafeInteger(issuedAtMs) && Number.isSafeInteger(expiresAtMs) ? { issuedAtMs, expiresAtMs } : null
}
