import type { WalletInterface } from '@bsv/sdk'
import { bytesToHex, hexToBytes } from './hex.ts'
import { walletKey, type KeyName } from './names.ts'
import { encodePushDrop } from './pushdrop-script.ts'
import type { IdentityKey } from './scalars.ts'

/** The wallet of a host's identity key: it derives locking keys and signs. Money comes from elsewhere. */
export type TokenSigner = Pick<WalletInterface, 'getPublicKey' | 'createSignature'>

const encoder = new TextEncoder()
// A byte order mark is kept: text that is decoded and encoded again must give the same bytes.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function encodeText(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Null when the bytes are not UTF-8. */
export function decodeText(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}

export function encodeKey(key: IdentityKey): Uint8Array {
  const bytes = hexToBytes(key)
  if (bytes?.length !== 33) throw new RangeError('an identity key has 33 bytes')
  return bytes
}

/** Null when the bytes do not have the form of a compressed public key. Whether it is on the curve is not checked. */
export function decodeKey(bytes: Uint8Array): IdentityKey | null {
  return bytes.length === 33 && (bytes[0] === 2 || bytes[0] === 3) ? (bytesToHex(bytes) as IdentityKey) : null
}

/** What a token signature covers: the fields without their lengths, one after the other (phip.md section 1). */
export function concatFields(fields: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(fields.reduce((sum, field) => sum + field.length, 0))
  let at = 0
  for (const field of fields) {
    all.set(field, at)
    at += field.length
  }
  return all
}

/** A script with `fields` and their signature, both lock and signature by `key` of `signer` for anyone. */
export async function signTokenScript(
  signer: TokenSigner,
  key: KeyName,
  owner: IdentityKey,
  fields: readonly Uint8Array[],
): Promise<Uint8Array> {
  const { publicKey: identityKey } = await signer.getPublicKey({ identityKey: true })
  if (identityKey !== owner) throw new RangeError(`the token names ${owner}, but the signer is ${identityKey}`)
  const { publicKey } = await signer.getPublicKey({ ...walletKey(key), counterparty: 'anyone', forSelf: true })
  const { signature } = await signer.createSignature({
    ...walletKey(key),
    counterparty: 'anyone',
    data: Array.from(concatFields(fields)),
  })
  return encodePushDrop(encodeKey(publicKey as IdentityKey), [...fields, Uint8Array.from(signature)])
}

export function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
