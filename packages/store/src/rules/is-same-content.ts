import type { Content } from '@overpost/core'

/**
 * Whether two messages of one identity count as the same: their bodies are equal, or both are ciphertexts of the client,
 * which encrypts anew on each retry (relay-http.md section 5).
 */
export function isSameContent(a: Content, b: Content): boolean {
  if (a.body === b.body) return a.contentType === b.contentType
  return isCiphertext(a) && isCiphertext(b)
}

/** Whether a body is `{"encryptedMessage": <text>}` and nothing more. */
function isCiphertext({ body }: Content): boolean {
  if (!body.startsWith('{') || !body.includes('"encryptedMessage"')) return false
  try {
    const parsed = JSON.parse(body) as Record<string, unknown>
    return typeof parsed.encryptedMessage === 'string' && Object.keys(parsed).length === 1
  } catch {
    return false
  }
}
