import type { Content, VerifiedEnvelope } from '@overpost/core'

/** How values stand in the tables. */
export const parcelState = { waiting: 0, delivered: 1, failed: 2, rerouted: 3 } as const

const contentTypes: readonly Content['contentType'][] = ['text/plain', 'application/json']
const hashBytes = 32

export function encodeContentType(contentType: Content['contentType']): number {
  return contentTypes.indexOf(contentType)
}

export function decodeContentType(code: number): Content['contentType'] {
  return contentTypes[code] ?? 'text/plain'
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
