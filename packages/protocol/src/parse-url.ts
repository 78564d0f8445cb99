/**
 * The text as the URL standard reads it; null when it is no URL. Not by `URL.canParse`: in Node 20, once it is compiled, it takes texts
 * with characters from U+0080 to U+00FF for other bytes, and says yes to some that `URL` then throws at.
 */
export function parseUrl(text: string): URL | null {
  try {
    return new URL(text)
  } catch {
    return null
  }
}
