import type { KeyName } from '@overpost/protocol'

/** The version that every message and header names; the text of BRC-104 says 1.0, all that runs says 0.1. */
export const authVersion = '0.1'
export const authPath = '/.well-known/auth'

const protocolID: KeyName['protocolID'] = [2, 'auth message signature']

/** The key that signs one message: the signer's own nonce, then the receiver's session nonce (BRC-103). */
export function messageKey(nonce: string, sessionNonce: string): KeyName {
  return { protocolID, keyID: `${nonce} ${sessionNonce}` }
}
