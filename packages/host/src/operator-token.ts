import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { HostConfig } from './config.ts'
import { leastTokenCharacters } from './config/operator.ts'

/** Whether a text is the operator's token. */
export type TokenCheck = (text: string) => boolean

/**
 * The operator's token of these settings; null when there is none, and so no operator.
 * @throws {Error} in one line for the operator, when the file holds none
 */
export function operatorTokenCheck({
  operator: { token, tokenFile },
}: Pick<HostConfig, 'operator'>): TokenCheck | null {
  const text = tokenFile === undefined ? token : readToken(tokenFile)
  if (text === undefined) return null
  const expected = digest(text)
  // Of digests, so that neither content nor length of the token shows in how long it takes.
  return (given) => timingSafeEqual(digest(given), expected)
}

function readToken(file: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw new Error(`operator.tokenFile: ${file} cannot be read`, { cause })
  }
  if (text.length >= leastTokenCharacters) return text
  throw new Error(`operator.tokenFile: ${file} does not hold a token of at least ${leastTokenCharacters} characters`)
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
