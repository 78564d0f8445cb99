import type { WalletInterface } from '@bsv/sdk'
import { compileBoxPattern } from './box-pattern.ts'
import { RelayError } from './errors.ts'
import { originForRouting, type OriginPolicy } from './host-origin.ts'
import { phipAuthorizationKey, phipDatedAuthorizationKey, walletKey, type KeyName } from './names.ts'
import type { HostOrigin, IdentityKey } from './scalars.ts'
import type { SignatureVerifier } from './signature-verifier.ts'

/** From when to when an authorization holds, in Unix milliseconds. */
export interface AuthorizationDates {
  readonly issuedAtMs: number
  readonly expiresAtMs: number
}

/** What a user allows: that this host, reached there, takes their messages. */
export interface RoutingTerms {
  readonly userKey: IdentityKey
  readonly hostKey: IdentityKey
  /** Field 3 as signed: an origin, or the bare domain of BRC-34. */
  readonly origin: string
  /** The boxes that it is for, as a regular expression; null: all. */
  readonly pattern: string | null
  /** Null in BRC-34's own form, which never ends. */
  readonly dates: AuthorizationDates | null
}

/** {@link RoutingTerms} with the user's signature over {@link authorizationText}, in DER. */
export interface RoutingAuthorization extends RoutingTerms {
  readonly signature: Uint8Array
}

/** How far ahead of the reader's clock a date may lie: 10 minutes. */
export const maxAheadMs = 600_000
/** The longest life that counts: 400 days. */
export const maxAuthorizationLifeMs = 400 * 86_400_000
/** The life that our client asks for: 90 days. */
export const defaultAuthorizationLifeMs = 90 * 86_400_000

const encoder = new TextEncoder()

/**
 * What the user signs (BRC-34, Recipient Signature; dated: phip.md section 10):
 * `<host key> <origin> <regex or ALL>[ <issuedAtMs> <expiresAtMs>]`.
 */
export function authorizationText({ hostKey, origin, pattern, dates }: Omit<RoutingTerms, 'userKey'>): string {
  const text = `${hostKey} ${origin} ${pattern ?? 'ALL'}`
  return dates === null ? text : `${text} ${dates.issuedAtMs} ${dates.expiresAtMs}`
}

/** The key with which the user signs. */
export function authorizationKey({ dates }: Pick<RoutingTerms, 'dates'>): KeyName {
  return dates === null ? phipAuthorizationKey : phipDatedAuthorizationKey
}

/** Whether the user signed it. Says nothing of its dates, its pattern, or where it leads. */
export function verifyAuthorization(authorization: RoutingAuthorization, verifier: SignatureVerifier): boolean {
  const { userKey, signature } = authorization
  return verifier.verify(
    userKey,
    authorizationKey(authorization),
    encoder.encode(authorizationText(authorization)),
    signature,
  )
}

/** Signs `terms` with the wallet of `terms.userKey`. */
export async function signAuthorization(
  wallet: Pick<WalletInterface, 'createSignature'>,
  terms: RoutingTerms,
): Promise<RoutingAuthorization> {
  const { signature } = await wallet.createSignature({
    ...walletKey(authorizationKey(terms)),
    counterparty: 'anyone',
    data: Array.from(encoder.encode(authorizationText(terms))),
  })
  return { ...terms, signature: Uint8Array.from(signature) }
}

/** What is wrong with the dates at `nowMs`; null when they count (phip.md section 10). */
export function datesFault({ issuedAtMs, expiresAtMs }: AuthorizationDates, nowMs: number): string | null {
  if (issuedAtMs > nowMs + maxAheadMs) return 'It is issued in the future.'
  if (expiresAtMs <= nowMs) return 'It has expired.'
  if (expiresAtMs <= issuedAtMs) return 'It ends before it begins.'
  if (expiresAtMs - issuedAtMs > maxAuthorizationLifeMs) return 'It lives longer than 400 days.'
  return null
}

/**
 * All that a host asks of an authorization before it keeps one: for this host's key and origin, a pattern that compiles,
 * dates that count, and the user's own signature.
 * @throws {RelayError} ERR_INVALID_AUTHORIZATION, ERR_SIGNATURE_INVALID
 */
export function requireAuthorization(
  authorization: RoutingAuthorization,
  host: { hostKey: IdentityKey; origin: HostOrigin; nowMs: number; verifier: SignatureVerifier } & OriginPolicy,
): void {
  const { hostKey, origin, pattern, dates } = authorization
  if (hostKey !== host.hostKey) throw new RelayError('ERR_INVALID_AUTHORIZATION', 'It is for the key of another host.')
  if (originForRouting(origin, host) !== host.origin) {
    throw new RelayError('ERR_INVALID_AUTHORIZATION', `It does not lead to this host, which is ${host.origin}.`)
  }
  if (pattern !== null && compileBoxPattern(pattern) === null) {
    throw new RelayError('ERR_INVALID_AUTHORIZATION', 'Its box pattern is not one that this network takes.')
  }
  const fault = dates === null ? null : datesFault(dates, host.nowMs)
  if (fault !== null) throw new RelayError('ERR_INVALID_AUTHORIZATION', fault)
  if (!verifyAuthorization(authorization, host.verifier)) throw new RelayError('ERR_SIGNATURE_INVALID')
}
