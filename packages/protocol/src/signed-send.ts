import { RelayError } from './errors.ts'
import { asRecord, isNestedTooDeep } from './json.ts'
import { parseLiveSend } from './live.ts'
import { parseSendMessage, type SendMessageRequest } from './send-message.ts'

/** What a BRC-104 request payload holds (spec/auth.md section 3), the headers passed over. */
interface RequestContent {
  readonly method: string
  readonly path: string
  readonly hasQuery: boolean
  readonly body: Uint8Array
}

const requestIdBytes = 32
const openingBrace = 0x7b
const maxHeaders = 1_000
// As lenient as hosts are when they read a body, so that both read the same.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * The send that a sender asked for with the request of this payload, read by the schema of the way it took: `POST /sendMessage`, or the
 * `sendMessage` event of a live connection; null when it is neither, or not one that a host takes. No payload is both: JSON text has no bytes like those
 * before an HTTP request's method. Whether keys are on the curve is not looked at: a recipient that is hosted is one.
 */
export function parseSignedSend(payload: Uint8Array): SendMessageRequest | null {
  return parseSentByHttp(payload) ?? parseSentLive(payload)
}

function parseSentByHttp(payload: Uint8Array): SendMessageRequest | null {
  const request = readPayload(payload)
  if (request === null || request.method !== 'POST' || request.path !== '/sendMessage' || request.hasQuery) return null
  return parseJson(request.body, (json) => parseSendMessage(json, () => true))
}

function parseSentLive(payload: Uint8Array): SendMessageRequest | null {
  if (payload[0] !== openingBrace) return null
  return parseJson(payload, (json) => {
    const { eventName, data } = asRecord(json) ?? {}
    return eventName === 'sendMessage' ? parseLiveSend(data, () => true) : null
  })
}

function parseJson(bytes: Uint8Array, parse: (json: unknown) => SendMessageRequest | null): SendMessageRequest | null {
  let json: unknown
  try {
    json = JSON.parse(decoder.decode(bytes))
  } catch {
    return null
  }
  if (isNestedTooDeep(json)) return null
  try {
    return parse(json)
  } catch (error) {
    if (error instanceof RelayError) return null
    throw error
  }
}

/** Null unless the payload is whole and nothing follows it: bytes that can be read in one way only. */
function readPayload(payload: Uint8Array): RequestContent | null {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  let at = requestIdBytes

  /** A Bitcoin varint; null stands for absent (-1), undefined for what is not there. */
  const varint = (): number | null | undefined => {
    const first = payload[at++]
    if (first === undefined || first < 0xfd) return first
    const bytes = first === 0xfd ? 2 : first === 0xfe ? 4 : 8
    if (at + bytes > payload.length) return undefined
    const start = at
    at += bytes
    if (bytes === 2) return view.getUint16(start, true)
    if (bytes === 4) return view.getUint32(start, true)
    return payload.subarray(start, at).every((byte) => byte === 0xff) ? null : undefined
  }
  const bytes = (): Uint8Array | null | undefined => {
    const length = varint()
    if (typeof length !== 'number') return length
    if (at + length > payload.length) return undefined
    at += length
    return payload.subarray(at - length, at)
  }

  const method = bytes()
  const path = bytes()
  const query = bytes()
  const headers = varint()
  if (method == null || path == null || query === undefined || headers == null || headers > maxHeaders) return null
  for (let left = 2 * headers; left > 0; left -= 1) if (bytes() == null) return null
  const body = bytes()
  if (body == null || at !== payload.length) return null
  return { method: decoder.decode(method), path: decoder.decode(path), hasQuery: query !== null, body }
}
