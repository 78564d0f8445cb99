/** A header that is signed: its name in lower case, its value. */
export type SignedHeader = readonly [name: string, value: string]

export interface RequestParts {
  readonly requestId: Uint8Array
  readonly method: string
  readonly path: string
  /** With its `?`; empty when there is none. */
  readonly search: string
  readonly headers: readonly SignedHeader[]
  readonly body: Uint8Array
}

export interface ResponseParts {
  readonly requestId: Uint8Array
  readonly status: number
  readonly headers: readonly SignedHeader[]
  readonly body: Uint8Array
}

const utf8 = new TextEncoder()
/** How BRC-104 writes "absent": the varint of -1. */
const absent = Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 255)
const empty = new Uint8Array(0)

/** The bytes that a caller signs for a request (BRC-104, spec/auth.md section 3). An empty body counts as absent. */
export function requestPayload({ requestId, method, path, search, headers, body }: RequestParts): Uint8Array {
  const parts = [requestId]
  pushText(parts, method)
  pushText(parts, path)
  if (search.length > 1) pushText(parts, search)
  else parts.push(absent)
  pushHeaders(parts, headers)
  parts.push(body.length === 0 ? absent : varint(body.length), body)
  return concat(parts)
}

/** The bytes that a host signs for an answer. Here an empty body has length 0. */
export function responsePayload({ requestId, status, headers, body }: ResponseParts): Uint8Array {
  const parts = [requestId, varint(status)]
  pushHeaders(parts, headers)
  parts.push(varint(body.length), body)
  return concat(parts)
}

/** `authorization` and `x-bsv-*`, without the authentication's own; of a request also `content-type` (cut by the caller). */
export function isSignedHeader(name: string): boolean {
  return name === 'authorization' || (name.startsWith('x-bsv-') && !name.startsWith('x-bsv-auth'))
}

/** The order in which the SDK signs headers. */
export function sortHeaders(headers: SignedHeader[]): SignedHeader[] {
  return headers.length < 2 ? headers : headers.sort(([a], [b]) => a.localeCompare(b))
}

/** A Bitcoin varint of a number from 0 to 2^32 - 1. */
function varint(value: number): Uint8Array {
  if (value < 0xfd) return Uint8Array.of(value)
  if (value <= 0xffff) return Uint8Array.of(0xfd, value & 0xff, value >>> 8)
  return Uint8Array.of(0xfe, value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24)
}

function pushText(parts: Uint8Array[], text: string): void {
  const bytes = text === '' ? empty : utf8.encode(text)
  parts.push(varint(bytes.length), bytes)
}

function pushHeaders(parts: Uint8Array[], headers: readonly SignedHeader[]): void {
  parts.push(varint(headers.length))
  for (const [name, value] of headers) {
    pushText(parts, name)
    pushText(parts, value)
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
