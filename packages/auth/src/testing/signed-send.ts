import { randomBytes } from 'node:crypto'
import { bytesToHex, type IdentityKey, type SignedRequest } from '@overpost/protocol'
import { requestPayload } from '../auth-payload.ts'
import { messageKey } from '../auth-protocol.ts'
import type { IdentityWallet } from '../identity-wallet.ts'

export interface SignedSendParts {
  readonly method?: string
  readonly path?: string
  readonly search?: string
  /** Bytes to sign in place of those of a request. */
  readonly payload?: Uint8Array
  readonly nonce?: string
  readonly sessionNonce?: string
}

/** A request to `/sendMessage` as `sender` signs it for a host. A text is the body as it is, anything else is sent as JSON. */
export function signedSend(
  sender: Pick<IdentityWallet, 'signFor'>,
  hostKey: IdentityKey,
  body: unknown,
  parts: SignedSendParts = {},
): SignedRequest {
  const { method = 'POST', path = '/sendMessage', search = '' } = parts
  const nonce = parts.nonce ?? randomBytes(32).toString('base64')
  const sessionNonce = parts.sessionNonce ?? randomBytes(48).toString('base64')
  const request = {
    ...{ requestId: randomBytes(32), method, path, search, headers: [['content-type', 'application/json']] as const },
    body: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
  }
  const payload = parts.payload ?? requestPayload(request)
  const signature = sender.signFor(hostKey, messageKey(nonce, sessionNonce), payload)
  return { payload, nonce, sessionNonce, signatureHex: bytesToHex(signature) }
}
