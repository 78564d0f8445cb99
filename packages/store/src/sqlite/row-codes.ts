import type { Content, VerifiedEnvelope, VerifiedRequest } from '@overpost/core'
import { isPlainContent } from '../rules/is-plain-content.ts'

/** How values stand in the tables. */
export const parcelState = { waiting: 0, delivered: 1, failed: 2, rerouted: 3 } as const
export const messageEnd = { delivered: 1, acknowledged: 2, returned: 3 } as const

const contentTypes: readonly Content['contentType'][] = ['text/plain', 'application/json']
/** Of text that is plain, for messages that can be listed: looked at once, when it comes, and not each time that it is listed. */
const plainTextCode = 2
const hashBytes = 32

export function encodeContentType(contentType: Content['contentType']): number {
  return contentTypes.indexOf(contentType)
}

/** Of a message in a box, whose code tells plain text from other. */
export function encodeBoxedContentType(content: Content): number {
  return isPlainContent(content) ? plainTextCode : encodeContentType(content.contentType)
}

export function isPlainTextCode(code: number): boolean {
  return code === plainTextCode
}

export function decodeContentType(code: number): Content['contentType'] {
  return contentTypes[code] ?? 'text/plain'
}

/**
 * The hash, then signature, nonce and session nonce, each after its length in two bytes, then the payload; null without a
 * request.
 */
export function encodeRequest(request: VerifiedRequest | null): Buffer | null {
  if (request === null) return null
  const { hash, signatureHex, nonce, sessionNonce, payload } = request
  const parts = [Buffer.from(signatureHex, 'hex'), Buffer.from(nonce), Buffer.from(sessionNonce)]
  return Buffer.concat([Buffer.from(hash, 'hex'), ...parts.flatMap((part) => [lengthOf(part), part]), payload])
}

export function decodeRequest(bytes: Buffer | null): VerifiedRequest | null {
  if (bytes === null) return null
  let at = hashBytes
  const part = (): Buffer => {
    const start = at + 2
    at = start + bytes.readUInt16BE(at)
    return bytes.subarray(start, at)
  }
  const hash = bytes.toString('hex', 0, hashBytes)
  const signatureHex = part().toString('hex')
  const nonce = part().toString()
  const sessionNonce = part().toString()
  return { hash, signatureHex, nonce, sessionNonce, payload: Uint8Array.from(bytes.subarray(at)) }
}

function lengthOf(part: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(part.length)
  return length
}

/** The hash, then the signature, as bytes; null without an envelope. */
export function encodeEnvelope(envelope: VerifiedEnvelope | null): Buffer | null {
  return envelope === null ? null : Buffer.from(envelope.hash + envelope.signatureHex, 'hex')
}

export function decodeEnvelope(timestampMs: number | null, bytes: Buffer | null): VerifiedEnvelope | null {
  if (timestampMs === null || bytes === null) return null
  const hex = bytes.toString('hex')
  return { timestampMs, signatureHex: hex.slice(hashBytes * 2), hash: hex.slice(0, hashBytes * 2) }
}
