import { createCipheriv, createDecipheriv, createSecretKey, randomFillSync, type KeyObject } from 'node:crypto'
import type { IdentityKey } from '@overpost/protocol'

export const shortestClientNonceBytes = 16
export const longestClientNonceBytes = 64

/** What a session nonce says to the host that made it. */
export interface OpenedSession {
  /** The client's nonce, base64 as the client wrote it. */
  readonly clientNonce: string
  /** When the session began, in seconds of the host's monotonic time. */
  readonly beganAtS: number
}

/** Makes and opens the host's session nonces, so that a host remembers no session. */
export interface SessionSealer {
  /** The host's nonce for a session, base64 without padding: 108 characters for a client nonce of 48 bytes. */
  seal(client: IdentityKey, clientNonce: Uint8Array, beganAtS: number, connection?: string): string
  /** Null when this host, in this epoch, did not seal `nonce` for `client` and that connection; none: over HTTP, which has no such. */
  open(client: IdentityKey, nonce: string, connection?: string): OpenedSession | null
}

const ivBytes = 12
const tagBytes = 16
const headBytes = 5

/**
 * Session nonces are `iv(12) | sealed | tag(16)`, AES-256-GCM, the client's identity key as associated data, and after it the name
 * of the connection where there is one: what another client presents, or another connection brings, does not open. Sealed are the beginning (4 bytes), the length of the client's nonce (1), the
 * nonce, and zeros up to a multiple of 3 bytes, so that the base64 needs no padding (some clients join base64 texts before
 * they decode them). `key` holds 32 bytes and is made from the host's key and its boot epoch.
 */
export function sessionSealer(key: Uint8Array): SessionSealer {
  const secret: KeyObject = createSecretKey(key)

  return {
    seal(client, clientNonce, beganAtS, connection = '') {
      const bare = ivBytes + tagBytes + headBytes + clientNonce.length
      const sealed = Buffer.alloc(bare + ((3 - (bare % 3)) % 3))
      randomFillSync(sealed, 0, ivBytes)
      const plain = Buffer.alloc(sealed.length - ivBytes - tagBytes)
      plain.writeUInt32BE(beganAtS, 0)
      plain[4] = clientNonce.length
      plain.set(clientNonce, headBytes)
      const cipher = createCipheriv('aes-256-gcm', secret, sealed.subarray(0, ivBytes))
      cipher.setAAD(Buffer.from(client + connection, 'latin1'))
      sealed.set(cipher.update(plain), ivBytes)
      cipher.final()
      sealed.set(cipher.getAuthTag(), sealed.length - tagBytes)
      return sealed.toString('base64')
    },

    open(client, nonce, connection = '') {
      if (nonce.length > 140) return null
      const sealed = Buffer.from(nonce, 'base64')
      const tagAt = sealed.length - tagBytes
      if (tagAt < ivBytes + headBytes + shortestClientNonceBytes) return null
      const decipher = createDecipheriv('aes-256-gcm', secret, sealed.subarray(0, ivBytes), { authTagLength: tagBytes })
      decipher.setAAD(Buffer.from(client + connection, 'latin1'))
      decipher.setAuthTag(sealed.subarray(tagAt))
      const plain = decipher.update(sealed.subarray(ivBytes, tagAt))
      try {
        decipher.final()
      } catch {
        return null
      }
      const clientNonce = plain.toString('base64', headBytes, headBytes + (plain[4] ?? 0))
      return { clientNonce, beganAtS: plain.readUInt32BE(0) }
    },
  }
}

/** The bytes of a client's nonce: 16 to 64 of them, in standard base64. Null when it is anything else. */
export function parseClientNonce(text: unknown): Uint8Array | null {
  if (typeof text !== 'string' || text.length > 88) return null
  const bytes = Buffer.from(text, 'base64')
  // Answers are signed under the text of this nonce, which is made again from its bytes: only one text will do.
  if (bytes.toString('base64') !== text) return null
  return bytes.length >= shortestClientNonceBytes && bytes.length <= longestClientNonceBytes ? bytes : null
}
