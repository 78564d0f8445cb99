import { phipTokenKey, phipWithdrawalKey } from './names.ts'
import type { TokenFault } from './phip-token.ts'
import { verifyWithdrawal, type SignedWithdrawal, type Withdrawal } from './phip-withdrawal.ts'
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

/**
 * A user's withdrawal on chain, published by any host (phip.md section 10). What counts is what the user signed: it holds also when
 * the publisher spends the token.
 */
export interface WithdrawalToken extends Withdrawal {
  readonly kind: 'PHIPW'
  /** The host that published it; its key locks the output. */
  readonly publisherKey: IdentityKey
  /** The withdrawal's signature, DER. */
  readonly userSignature: Uint8Array
}

export interface WithdrawalVerification {
  readonly verifier: SignatureVerifier
  readonly isBlocked?: (token: WithdrawalToken) => boolean
}

interface Parsed {
  readonly token: WithdrawalToken
  readonly lockingKey: Uint8Array
  /** All fields but the last. */
  readonly signedFields: readonly Uint8Array[]
  readonly tokenSignature: Uint8Array
}

/**
 * The steps of a PHIP token (phip.md section 3), as far as a withdrawal has them: 1 canonical script of 7 fields, 2 identifier, 3 keys,
 * 5 time, 6 locking key, 7 token signature, 8 user's signature, 9 `isBlocked`. No clock is asked: `selectRoutes` does that.
 */
export function verifyWithdrawalToken(
  script: Uint8Array,
  { verifier, isBlocked = () => false }: WithdrawalVerification,
): { readonly token: WithdrawalToken } | TokenFault {
  const parsed = parse(script)
  if ('fault' in parsed) return parsed
  const { token, lockingKey, signedFields, tokenSignature } = parsed
  const derivedKey = verifier.publicKey(token.publisherKey, phipTokenKey)
  if (derivedKey === null) return { step: 3, fault: "the publisher's key is not on the curve" }
  if (verifier.publicKey(token.userKey, phipWithdrawalKey) === null) {
    return { step: 3, fault: 'the user key is not on the curve' }
  }
  if (!isSameBytes(lockingKey, derivedKey)) {
    return { step: 6, fault: "the locking key is not derived from the publisher's key" }
  }
  if (!verifier.verify(token.publisherKey, phipTokenKey, concatFields(signedFields), tokenSignature)) {
    return { step: 7, fault: 'the token signature does not verify' }
  }
  const { userKey, hostKey, atMs, userSignature: signature } = token
  if (!verifyWithdrawal({ userKey, hostKey, atMs, signature }, verifier)) {
    return { step: 8, fault: "the user's signature does not verify" }
  }
  if (isBlocked(token)) return { step: 9, fault: 'the operator blocks this host or user' }
  return { token }
}

/** The withdrawal in a script that passes steps 1 to 5, else null. No signature was checked: for our own tokens. */
export function decodeWithdrawalToken(script: Uint8Array): WithdrawalToken | null {
  const parsed = parse(script)
  return 'fault' in parsed ? null : parsed.token
}

/** The script with which `signer`, any host, publishes a withdrawal. The same signer and withdrawal give the same bytes. */
export async function createWithdrawalTokenScript(
  signer: TokenSigner,
  { userKey, hostKey, atMs, signature }: SignedWithdrawal,
): Promise<Uint8Array> {
  const { publicKey } = await signer.getPublicKey({ identityKey: true })
  const publisherKey = publicKey as IdentityKey
  const fields = [
    encodeText('PHIPW'),
    encodeKey(publisherKey),
    encodeKey(userKey),
    hostKey === 'ALL' ? encodeText(hostKey) : encodeKey(hostKey),
    encodeTime(atMs),
    signature,
  ]
  return signTokenScript(signer, phipTokenKey, publisherKey, fields)
}

/** Steps 1 to 5, as far as they need no arithmetic on the curve. */
function parse(script: Uint8Array): Parsed | TokenFault {
  const pushDrop = decodePushDrop(script)
  if (pushDrop === null) return { step: 1, fault: 'the script is not a canonical PushDrop script' }
  const [name, publisher, user, host, time, userSignature, tokenSignature, ...more] = pushDrop.fields
  if (!name || !publisher || !user || !host || !time || !userSignature || !tokenSignature || more.length > 0) {
    return { step: 1, fault: 'the token does not have 7 fields' }
  }
  if (decodeText(name) !== 'PHIPW') return { step: 2, fault: 'the first field is not PHIPW' }
  const publisherKey = decodeKey(publisher)
  const userKey = decodeKey(user)
  const hostKey = decodeText(host) === 'ALL' ? 'ALL' : decodeKey(host)
  if (publisherKey === null || userKey === null || hostKey === null) {
    return { step: 3, fault: 'a key is not a compressed public key' }
  }
  const atMs = decodeTime(time)
  if (atMs === null) return { step: 5, fault: 'the time is not a number of 8 bytes' }
  const token = { kind: 'PHIPW', publisherKey, userKey, hostKey, atMs, userSignature } as const
  return { token, lockingKey: pushDrop.lockingKey, signedFields: pushDrop.fields.slice(0, -1), tokenSignature }
}

function encodeTime(atMs: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(atMs))
  return bytes
}

/** Null unless it is 8 bytes that are a safe integer. */
function decodeTime(bytes: Uint8Array): number | null {
  if (bytes.length !== 8) return null
  const atMs = Number(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0))
  return Number.isSafeInteger(atMs) ? atMs : null
}
