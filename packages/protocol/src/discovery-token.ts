import { parseHostOrigin, type OriginPolicy } from './host-origin.ts'
import { shipTokenKey, slapTokenKey } from './names.ts'
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

/** An overlay service advertises itself (BRC-88): SHIP a topic that it takes transactions for, SLAP a lookup that it answers. */
export interface DiscoveryToken {
  readonly kind: 'SHIP' | 'SLAP'
  readonly identityKey: IdentityKey
  readonly origin: HostOrigin
  /** The base URL as stored: the origin, with or without one slash after it. */
  readonly baseUrl: string
  /** The topic (`tm_..`) or the lookup service (`ls_..`). */
  readonly name: string
}

const keyNames = { SHIP: shipTokenKey, SLAP: slapTokenKey } as const
// BRC-87: lower-case letters with single underscores between them, at most 50 characters, no digits.
const servicePatterns = { SHIP: /^tm_[a-z]+(?:_[a-z]+)*$/, SLAP: /^ls_[a-z]+(?:_[a-z]+)*$/ } as const
const maxNameCharacters = 50

/**
 * The checks of overlay.md section 3: 1 canonical script of 5 fields, 2 identifier, 3 key, 4 base URL, 5 name, 6 locking key,
 * 7 token signature. Of the URL schemes of BRC-88 and BRC-101 only https is taken (http when allowed): we can call no other.
 */
export function verifyDiscoveryToken(
  script: Uint8Array,
  { verifier, ...policy }: { verifier: SignatureVerifier } & OriginPolicy,
): { readonly token: DiscoveryToken } | TokenFault {
  const pushDrop = decodePushDrop(script)
  if (pushDrop === null) return { step: 1, fault: 'the script is not a canonical PushDrop script' }
  const [identifier, key, url, service, signature, ...more] = pushDrop.fields
  if (!identifier || !key || !url || !service || !signature || more.length > 0) {
    return { step: 1, fault: 'the token does not have 5 fields' }
  }
  const kind = decodeText(identifier)
  if (kind !== 'SHIP' && kind !== 'SLAP') return { step: 2, fault: 'the first field is neither SHIP nor SLAP' }
  const identityKey = decodeKey(key)
  const derivedKey = identityKey === null ? null : verifier.publicKey(identityKey, keyNames[kind])
  if (identityKey === null || derivedKey === null) return { step: 3, fault: 'the key is not a compressed public key' }
  const baseUrl = decodeText(url)
  const origin = baseUrl === null ? null : baseUrlOrigin(baseUrl, policy)
  if (baseUrl === null || origin === null) return { step: 4, fault: 'the base URL cannot be advertised' }
  const name = decodeText(service)
  if (name === null || !isServiceName(kind, name)) return { step: 5, fault: 'the service has no legal name' }
  if (!isSameBytes(pushDrop.lockingKey, derivedKey)) {
    return { step: 6, fault: 'the locking key is not derived from the identity key' }
  }
  if (!verifier.verify(identityKey, keyNames[kind], concatFields(pushDrop.fields.slice(0, -1)), signature)) {
    return { step: 7, fault: 'the token signature does not verify' }
  }
  return { token: { kind, identityKey, origin, baseUrl, name } }
}

/** The script of a SHIP or SLAP token. @throws {RangeError} for an illegal name, or a `signer` of another identity. */
export function createDiscoveryTokenScript(
  signer: TokenSigner,
  { kind, identityKey, origin, name }: Omit<DiscoveryToken, 'baseUrl'>,
): Promise<Uint8Array> {
  if (!isServiceName(kind, name)) throw new RangeError(`${name} is not a name for ${kind}`)
  const fields = [encodeText(kind), encodeKey(identityKey), encodeText(origin), encodeText(name)]
  return signTokenScript(signer, keyNames[kind], identityKey, fields)
}

function isServiceName(kind: DiscoveryToken['kind'], name: string): boolean {
  return name.length <= maxNameCharacters && servicePatterns[kind].test(name)
}

function baseUrlOrigin(baseUrl: string, policy: OriginPolicy): HostOrigin | null {
  const origin = parseHostOrigin(baseUrl.endsWith('/') ? baseUrl.slice(0, -1) : baseUrl, policy)
  // The name of this machine is nobody's address but in a network on one machine.
  return origin !== null && (policy.allowHttp || new URL(origin).hostname !== 'localhost') ? origin : null
}
