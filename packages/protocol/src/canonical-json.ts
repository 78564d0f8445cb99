const maxDepth = 16
const brokenText = /\p{Surrogate}/u

/**
 * The one text of a JSON value: names sorted by UTF-16 code units, no blanks, strings as `JSON.stringify` writes them. Only
 * strings of well-formed Unicode, safe integers, booleans, lists and objects have one; for these it is what RFC 8785 says.
 * @throws {TypeError} for anything else, and beyond 16 levels
 */
export function canonicalJson(value: unknown, depth = 0): string {
  if (depth > maxDepth) throw new TypeError('the value is nested too deeply')
  if (typeof value === 'string' && !brokenText.test(value)) return JSON.stringify(value)
  if (typeof value === 'boolean' || Number.isSafeInteger(value)) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, depth + 1)).join(',')}]`
  if (typeof value !== 'object' || value === null) throw new TypeError('the value has no canonical form')
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${canonicalJson(name)}:${canonicalJson(member, depth + 1)}`)
  return `{${members.join(',')}}`
}
