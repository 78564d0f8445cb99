/** Identity keys and origins that the operator wants no tokens of. */
export type Blocklist = ReadonlySet<string>

export function isBlocked(blocklist: Blocklist, words: readonly string[]): boolean {
  return blocklist.size > 0 && words.some((word) => blocklist.has(word))
}
