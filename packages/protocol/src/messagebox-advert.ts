import { parseHostOrigin, type OriginPolicy } from './host-origin.ts'
import { messageboxAdvertKey } from './names.ts'
import { parseUrl } from './parse-url.ts'
import type { TokenFault } from './phip-token.ts'
import { decodePushDrop } from './pushdrop-script.ts'
import type { HostOrigin, IdentityKey } from './scalars.ts'
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

/** A user says which message box host they use: the "anointing" of `@bsv/message-box-client` (overlay.md section 4). */
export interface MessageboxAdvert {
  readonly userKey: IdentityKey
  /** The host's URL as stored. */
  readonly host: string
  /** The same without slashes at its end, in the form of the URL standard: what two adverts are compared by. */
  readonly baseUrl: string
  /** {@link baseUrl} when it has no path: only there can a host say what it is. */
  readonly origin: HostOrigin | null
}

const maxUrlCharacters = 512

/**
 * The checks that the published topic manager makes, and those that it lacks: 1 canonical script of 3 fields, 3 key, 4 URL,
 * 6 locking key derived from the user's key (so that only they can spend it), 7 signature. The numbers are those of phip.md section 3.
 */
export function verifyMessageboxAdvert(
  script: Uint8Array,
  { verifier, ...policy }: { verifier: SignatureVerifier } & OriginPolicy,
): { readonly token: MessageboxAdvert } | TokenFault {
  const parsed = parse(script, policy)
  if ('fault' in parsed) return parsed
  const { token, lockingKey, signedFields, signature } = parsed
  const derivedKey = verifier.publicKey(token.userKey, messageboxAdvertKey)
  if (derivedKey === null) return { step: 3, fault: 'the user key is not on the curve' }
  if (!isSameBytes(lockingKey, derivedKey)) {
    return { step: 6, fault: "the locking key is not derived from the user's key" }
  }
  if (!verifier.verify(token.userKey, messageboxAdvertKey, concatFields(signedFields), signature)) {
    return { step: 7, fault: 'the signature does not verify' }
  }
  return { token }
}

/** The advert in a script, http allowed, else null. No key or signature was checked: to see whom it is about. */
export function decodeMessageboxAdvert(script: Uint8Array): MessageboxAdvert | null {
  const parsed = parse(script, { allowHttp: true })
  return 'fault' in parsed ? null : parsed.token
}

/** The script of an advert, as the official client makes it. @throws {RangeError} when `signer` is another identity */
export function createMessageboxAdvertScript(
  signer: TokenSigner,
  { userKey, host }: Pick<MessageboxAdvert, 'userKey' | 'host'>,
): Promise<Uint8Array> {
  return signTokenScript(signer, messageboxAdvertKey, userKey, [encodeKey(userKey), encodeText(host)])
}

/**
 * A host's URL in the form of the URL standard, without slashes at its end; null for anything but https (http where allowed), for
 * user, query or fragment, and for the name of this machine outside of development.
 */
export function messageboxBaseUrl(text: string, { allowHttp }: OriginPolicy): string | null {
  const url = text.length > maxUrlCharacters || /[\s\\]/.test(text) ? null : parseUrl(text)
  if (url === null) return null
  const { protocol, hostname, username, password, search, hash, href } = url
  if (protocol !== 'https:' && !(allowHttp && protocol === 'http:')) return null
  if (username !== '' || password !== '' || search !== '' || hash !== '' || hostname.endsWith('.')) return null
  if (!allowHttp && (hostname === 'localhost' || hostname.endsWith('.localhost'))) return null
  if (text.endsWith('?') || text.endsWith('#')) return null
  return href.replace(/\/+$/, '')
}

interface Parsed {
  readonly token: MessageboxAdvert
  readonly lockingKey: Uint8Array
  readonly signedFields: readonly Uint8Array[]
  readonly signature: Uint8Array
}

/** Steps 1 to 4, as far as they need no arithmetic on the curve. */
function parse(script: Uint8Array, policy: OriginPolicy): Parsed | TokenFault {
  const pushDrop = decodePushDrop(script)
  if (pushDrop === null) return { step: 1, fault: 'the script is not a canonical PushDrop script' }
  const [user, url, signature, ...more] = pushDrop.fields
  if (!user || !url || !signature || more.length > 0) return { step: 1, fault: 'the token does not have 3 fields' }
  const userKey = decodeKey(user)
  if (userKey === null) return { step: 3, fault: 'the key is not a compressed public key' }
  const host = decodeText(url)
  const baseUrl = host === null ? null : messageboxBaseUrl(host, policy)
  if (host === null || baseUrl === null) return { step: 4, fault: 'the URL is not one of a host' }
  const token = { userKey, host, baseUrl, origin: parseHostOrigin(baseUrl, policy) }
  return { token, lockingKey: pushDrop.lockingKey, signedFields: [user, url], signature }
}
