import { RE2JS } from 're2js'

/** A compiled regular expression for message boxes (BRC-34, field 6). */
export interface BoxPattern {
  readonly text: string
  /** Whether the expression is found anywhere in the name of the box. */
  test(box: string): boolean
}

export const maxPatternCharacters = 128
const maxProgramSize = 1000

/**
 * Compiles a box pattern for an engine whose time is linear in the length of the name. Null when it is empty, longer than 128
 * characters, does not compile there, compiles to more than 1,000 instructions, or is `ALL`, which reads the same as no pattern in the text
 * that the user signs (phip.md section 5).
 */
export function compileBoxPattern(text: string): BoxPattern | null {
  if (text === '' || text === 'ALL' || text.length > maxPatternCharacters) return null
  try {
    const pattern = RE2JS.compile(text)
    if (pattern.programSize() > maxProgramSize) return null
    return { text, test: (box) => pattern.test(box) }
  } catch {
    return null
  }
}
