import { bytesOf, findDamage, openToCheck } from '../check-file.ts'
import { diskFaultOf } from '../database.ts'
import { describeLogDamage, findLogDamage } from '../log-damage.ts'
import { closing } from './back-up-store.ts'
import { countRows, type StoreRows } from './count-rows.ts'

export interface StoreCheck {
  /** What is wrong, one line each; none: nothing is. */
  readonly faults: readonly string[]
  /** What can be read of it; null: nothing. */
  readonly rows: StoreRows | null
}

/** Looks at a store, its log and its pages, and changes nothing. A host may run on it. @throws {Error} when there is no such file */
export function checkStore(file: string): StoreCheck {
  const bytes = bytesOf(file)
  if (bytes === null) throw new Error(`${file} is not there`)
  if (bytes === 0) return { faults: ['it is empty'], rows: null }
  const lost = findLogDamage(file)
  const faults = lost === null ? [] : [describeLogDamage(lost)]
  try {
    using opened = closing(openToCheck(file))
    const damage = findDamage(opened.db)
    return { faults: damage === null ? faults : [...faults, damage], rows: countRows(opened.db) }
  } catch (error) {
    if (diskFaultOf(error) === null) throw error
    return { faults: [...faults, (error as Error).message], rows: null }
  }
}
