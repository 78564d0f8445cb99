import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { parseUrl, type IdentityKey } from '@overpost/protocol'
import { authVersion } from './auth-protocol.ts'
import { isSignedHeader, requestPayload, sortHeaders, type SignedHeader } from './auth-payload.ts'

/** What the headers of a request claim; nothing of it is proven yet. */
export interface AuthClaim {
  readonly identityKey: IdentityKey
  readonly nonce: string
  readonly sessionNonce: string
  readonly requestId: Uint8Array
  /** As the caller wrote it, for the answer. */
  readonly requestIdText: string
  readonly signature: Uint8Array
}

const longestNonce = 200
const longestSignature = 2 * 72

/** Reads the claim, or says what is wrong with it. */
export function readClaim(headers: IncomingHttpHeaders): AuthClaim | string {
  const requestIdText = headers['x-bsv-auth-request-id']
  if (typeof requestIdText !== 'string') return 'Mutual authentication (BRC-103/104) is required.'
  const requestId = requestIdText.length > 64 ? null : Buffer.from(requestIdText, 'base64')
  if (requestId?.length !== 32) return 'The request id must be 32 bytes in base64.'
  if (headers['x-bsv-auth-version'] !== authVersion) return `The version must be ${authVersion}.`
  const identityKey = headers['x-bsv-auth-identity-key']
  if (typeof identityKey !== 'string' || identityKey.length !== 66) return 'The identity key is missing or too long.'
  const nonce = headers['x-bsv-auth-nonce']
  const sessionNonce = headers['x-bsv-auth-your-nonce']
  if (!isNonce(nonce) || !isNonce(sessionNonce)) return 'A nonce is missing or too long.'
  const hex = headers['x-bsv-auth-signature']
  const signature = typeof hex === 'string' && hex.length <= longestSignature ? Buffer.from(hex, 'hex') : null
  if (signature === null || signature.length < 8) return 'The signature is missing or not hexadecimal.'
  // Its form was checked when the session was made, and with another one the session does not open.
  return {
    identityKey: identityKey.toLowerCase() as IdentityKey,
    nonce,
    sessionNonce,
    requestId,
    requestIdText,
    signature,
  }
}

/**
 * The payloads that the caller of `request` may have signed, most likely first: SDKs differ on a content type with
 * parameters, on the order of headers, and on an empty JSON body, for which some sign `{}`. They are made as they are
 * asked for, since the first is nearly always the one.
 */
export function* payloadCandidates(
  request: Pick<IncomingMessage, 'method' | 'headers'>,
  target: RequestTarget,
  requestId: Uint8Array,
  rawBody: Uint8Array,
): Generator<Uint8Array> {
  const { headers, method = '' } = request
  for (const contentType of contentTypes(headers['content-type'])) {
    const isJson = contentType?.includes('application/json') === true
    const bodies = rawBody.length === 0 && isJson ? [rawBody, emptyObject] : [rawBody]
    for (const signed of headerOrders(signedHeaders(headers, contentType))) {
      for (const body of bodies) yield requestPayload({ requestId, method, ...target, headers: signed, body })
    }
  }
}

export interface RequestTarget {
  readonly path: string
  readonly search: string
}

/** The target of a request line as it came, cut at the question mark: what is routed is what was signed. */
export function requestTarget(url: string): RequestTarget {
  let target = url
  if (!url.startsWith('/')) {
    // The absolute form, which proxies use.
    const parsed = parseUrl(url)
    if (parsed === null) return { path: url, search: '' }
    target = parsed.pathname + parsed.search
  }
  const mark = target.indexOf('?')
  return mark < 0 ? { path: target, search: '' } : { path: target.slice(0, mark), search: target.slice(mark) }
}

const emptyObject = new TextEncoder().encode('{}')

export function isNonce(text: unknown): text is string {
  return typeof text === 'string' && text.length > 0 && text.length <= longestNonce
}

function contentTypes(header: string | undefined): readonly (string | undefined)[] {
  if (header === undefined) return [undefined]
  const cut = header.indexOf(';')
  if (cut < 0) return [header]
  const untrimmed = header.slice(0, cut)
  const trimmed = untrimmed.trim()
  return trimmed === untrimmed ? [trimmed] : [trimmed, untrimmed]
}

function signedHeaders(headers: IncomingHttpHeaders, contentType: string | undefined): SignedHeader[] {
  const signed: SignedHeader[] = contentType === undefined ? [] : [['content-type', contentType]]
  for (const name in headers) {
    if (!isSignedHeader(name)) continue
    const value = headers[name]
    signed.push([name, typeof value === 'string' ? value : (value ?? []).join(', ')])
  }
  return signed
}

/** By locale, as the TypeScript SDK sorts, and by bytes, where that is another order. */
function headerOrders(headers: SignedHeader[]): readonly (readonly SignedHeader[])[] {
  const byLocale = sortHeaders(headers)
  if (byLocale.length < 2) return [byLocale]
  const byBytes = byLocale.toSorted(([a], [b]) => (a < b ? -1 : 1))
  return byBytes.every((header, at) => header === byLocale[at]) ? [byLocale] : [byLocale, byBytes]
}
