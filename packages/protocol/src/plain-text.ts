/** Printable ASCII without quotes and backslashes. */
const plain = /^[ !#-[\]-~]*$/

/**
 * Whether each character of `text` stands for itself in JSON, in JSON in JSON, and as one byte in UTF-8. Imports nothing:
 * `@overpost/protocol/plain-text` is for who must start in milliseconds.
 */
export function isPlainText(text: string): boolean {
  return plain.test(text)
}
