import { statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { diskFaultOf, type Db } from './database.ts'

/** Up to this size a file is checked before it is used: 1 GB takes 1 s from memory, and as long as reading it from a disk. */
export const checkedAtStartBytes = 256 * 1024 * 1024

/** What is wrong with the pages and trees of a file, in short; null when nothing is. */
export function findDamage(db: Db): string | null {
  try {
    const lines = db.pragma('quick_check(1)') as { quick_check: string }[]
    const [first] = lines
    return first === undefined || first.quick_check === 'ok' ? null : first.quick_check
  } catch (error) {
    if (diskFaultOf(error) === null) throw error
    return (error as Error).message
  }
}

/** The size of a file; null when there is none. */
export function bytesOf(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.size ?? null
}

/** What an operator has to know of a file that cannot be opened: what is wrong, and what can be done. */
export function explainFault(file: string, error: unknown): unknown {
  switch (diskFaultOf(error)) {
    case null:
      return error
    case 'full':
      return new Error(`there is no room on the disk of ${file}: make some, and start again`, { cause: error })
    case 'damaged':
      return damaged(file, (error as Error).message)
    case 'failing':
      return new Error(`${file} cannot be read and written`, { cause: error })
  }
}

export function damaged(file: string, what: string): Error {
  return new Error(
    `${file} is damaged (${what.replaceAll('\n', ' ').trim()}): "overpost check ${file}" tells what is left, "overpost restore" ` +
      `brings a backup back`,
  )
}

/** Opens a file to look at it alone. */
export function openToCheck(file: string): Db {
  return new Database(file, { readonly: true, fileMustExist: true })
}
