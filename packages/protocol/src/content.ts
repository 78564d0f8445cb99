/** What a sender wrote, as it is stored: a string as it came, an object as JSON text. */
export interface MessageContent {
  readonly contentType: 'text/plain' | 'application/json'
  readonly body: string
}

export function contentOf(body: string | object): MessageContent {
  return typeof body === 'string'
    ? { contentType: 'text/plain', body }
    : { contentType: 'application/json', body: JSON.stringify(body) }
}

/** The body of a listed message: `{"message": <body as sent>}` as text (relay-http.md section 2). */
export function wrapBody({ contentType, body }: MessageContent): string {
  return `{"message":${contentType === 'text/plain' ? JSON.stringify(body) : body}}`
}

/** The body as sent, from a listed one. Relays that list bodies unwrapped, as BRC-33 has it, are understood too. */
export function unwrapBody(listed: string): string | object {
  try {
    const parsed: unknown = JSON.parse(listed)
    if (typeof parsed !== 'object' || parsed === null || !('message' in parsed)) return listed
    const { message } = parsed
    return typeof message === 'string' || (typeof message === 'object' && message !== null) ? message : listed
  } catch {
    return listed
  }
}
