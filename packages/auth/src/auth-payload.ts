import { PayloadWriter } from './payload-writer.ts'

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

// One for all: a payload is written in one go, so no two are ever under way.
const writer = new PayloadWriter()

/** The bytes that a caller signs for a request (BRC-104, spec/auth.md section 3). An empty body counts as absent. */
export function requestPayload({ requestId, method, path, search, headers, body }: RequestParts): Uint8Array {
  writer.bytes(requestId).text(method).text(path)
  if (search.length > 1) writer.text(search)
  else writer.absent()
  writeHeaders(headers)
  if (body.length === 0) return writer.absent().take()
  return writer.varint(body.length).take(body)
}

/** The bytes that a host signs for an answer. Here an empty body has length 0. */
export function responsePayload({ body, ...head }: ResponseParts): Uint8Array {
  writeResponseHead(head, body.length)
  return writer.take(body)
}

/** What of {@link responsePayload} stands before a body of `bodyBytes`. */
export function responseHead(head: Omit<ResponseParts, 'body'>, bodyBytes: number): Uint8Array {
  writeResponseHead(head, bodyBytes)
  return writer.take()
}

/** `authorization` and `x-bsv-*`, without the authentication's own; of a request also `content-type` (cut by the caller). */
export function isSignedHeader(name: string): boolean {
  return name === 'authorization' || (name.startsWith('x-bsv-') && !name.startsWith('x-bsv-auth'))
}

/** The order in which the SDK signs headers. */
export function sortHeaders(headers: SignedHeader[]): SignedHeader[] {
  return headers.length < 2 ? headers : headers.sort(([a], [b]) => a.localeCompare(b))
}

function writeResponseHead({ requestId, status, headers }: Omit<ResponseParts, 'body'>, bodyBytes: number): void {
  writer.bytes(requestId).varint(status)
  writeHeaders(headers)
  writer.varint(bodyBytes)
}

function writeHeaders(headers: readonly SignedHeader[]): void {
  writer.varint(headers.length)
  for (const [name, value] of headers) writer.text(name).text(value)
}
