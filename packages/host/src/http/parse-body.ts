import { RelayError } from '@overpost/protocol'

const quote = 0x22
const backslash = 0x5c
/** Deeper JSON is nobody's message, and takes the stack of whoever writes it out again. */
const maxNesting = 64

/** The JSON of a request body; an empty one is `{}`, as some clients send it. @throws {RelayError} ERR_INVALID_JSON */
export function parseBody(rawBody: Buffer): unknown {
  if (rawBody.length === 0) return {}
  if (isNestedTooDeep(rawBody)) {
    throw new RelayError('ERR_INVALID_JSON', `The body is nested more than ${maxNesting} levels deep.`)
  }
  try {
    return JSON.parse(rawBody.toString('utf8'))
  } catch {
    throw new RelayError('ERR_INVALID_JSON')
  }
}

/** Looks at the brackets outside strings; strings, which are most of a message, are jumped over. */
function isNestedTooDeep(json: Buffer): boolean {
  let depth = 0
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at]
    if (byte === quote) {
      at = endOfString(json, at)
    } else if (byte === 0x7b || byte === 0x5b) {
      depth += 1
      if (depth > maxNesting) return true
    } else if (byte === 0x7d || byte === 0x5d) {
      depth -= 1
    }
  }
  return false
}

/** The place of the quote that ends the string which begins at `start`; the end of the text when none does. */
function endOfString(json: Buffer, start: number): number {
  for (let end = json.indexOf(quote, start + 1); end >= 0; end = json.indexOf(quote, end + 1)) {
    let escapes = 0
    while (json[end - 1 - escapes] === backslash) escapes += 1
    if (escapes % 2 === 0) return end
  }
  return json.length
}
