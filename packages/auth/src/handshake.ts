import { toIdentityKey, type IdentityKey } from '@overpost/protocol'
import { authVersion } from './auth-protocol.ts'
import { parseClientNonce } from './session-nonce.ts'

/** A request for a session. Nothing of it is proven, and nothing of it is kept. */
export interface Handshake {
  readonly identityKey: IdentityKey
  readonly nonce: string
  readonly nonceBytes: Uint8Array
}

/** Only what a session needs is looked at: clients differ on everything else in a handshake. What is wrong, as text. */
export function parseHandshake(json: unknown): Handshake | string {
  const message = json as Record<string, unknown> | null | undefined
  if (message?.['version'] !== authVersion) return `The version must be ${authVersion}.`
  if (message['messageType'] !== 'initialRequest') return 'Only initialRequest is taken here.'
  const identityKey = toIdentityKey(message['identityKey'])
  if (identityKey === null) return 'The identity key is not a compressed public key.'
  const nonce = message['initialNonce']
  const nonceBytes = parseClientNonce(nonce)
  if (nonceBytes === null || typeof nonce !== 'string') return 'The nonce must be 16 to 64 bytes in base64.'
  return { identityKey, nonce, nonceBytes }
}
