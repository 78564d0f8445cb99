import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { damaged, explainFault, findDamage, openToCheck } from '../check-file.ts'
import { diskFaultOf } from '../database.ts'
import { lockFile } from '../file-lock.ts'
import { closing, syncPath } from './back-up-store.ts'
import { countRows, type StoreRows } from './count-rows.ts'

/** What stood in the file that is replaced, and not in the backup. */
export interface Missing {
  /** In boxes, handed in by other hosts: those can send them again for a while. */
  readonly fromHosts: number
  /** In boxes, handed in here by their senders. */
  readonly fromSenders: number
  /** On their way to other hosts. */
  readonly outgoing: number
}

export interface Restored extends StoreRows {
  readonly backupAtMs: number
  /** Where the file that was there is now; null when there was none. */
  readonly setAside: string | null
  /** Null: it could not be read, or there was none. */
  readonly missing: Missing | null
}

/**
 * Puts a backup where a store is to be. What was there is set aside. A host that starts from it begins a new log
 * (`begin-again.ts`).
 * @throws {Error} when a host has the store open, or `from` is no whole backup; nothing is changed then
 */
export function restoreStore({ file, from }: { file: string; from: string }): Restored {
  using lock = lockFile(file)
  const { backupAtMs, ...rows } = readBackup(from)
  const draft = `${file}.part`
  copyFileSync(from, draft)
  syncPath(draft)
  const missing = existsSync(file) ? countMissing(file, from) : null
  const setAside = moveAside(file)
  renameSync(draft, file)
  syncPath(dirname(file))
  lock.noteMade()
  return { ...rows, backupAtMs, setAside, missing }
}

function readBackup(from: string): StoreRows & { backupAtMs: number } {
  try {
    using opened = closing(openToCheck(from))
    const { db } = opened
    const damage = findDamage(db)
    if (damage !== null) throw damaged(from, damage)
    const columns = db.prepare("SELECT name FROM pragma_table_info('store')").raw().all().flat()
    const row = columns.includes('backup_at_ms') ? db.prepare('SELECT backup_at_ms FROM store').raw().get() : undefined
    const [backupAtMs] = (row ?? [null]) as [number | null]
    if (backupAtMs === null) throw new Error(`${from} is no backup: "overpost backup" makes one`)
    return { ...countRows(db), backupAtMs }
  } catch (error) {
    throw explainFault(from, error)
  }
}

function countMissing(file: string, from: string): Missing | null {
  try {
    using opened = closing(new Database(file))
    const { db } = opened
    db.prepare('ATTACH ? AS backup').run(from)
    const count = (what: string): number => (db.prepare(`SELECT count(*) FROM ${what}`).raw().get() as [number])[0]
    const lostMessages = 'main.messages WHERE id NOT IN (SELECT id FROM backup.messages) AND origin_id IS'
    return {
      fromHosts: count(`${lostMessages} NOT NULL`),
      fromSenders: count(`${lostMessages} NULL AND outgoing_id IS NULL`),
      outgoing: count('main.outgoing WHERE waiting > 0 AND id NOT IN (SELECT id FROM backup.outgoing)'),
    }
  } catch (error) {
    if (diskFaultOf(error) === null) throw error
    return null
  }
}

function moveAside(file: string): string | null {
  if (!existsSync(file)) return null
  let aside = `${file}.before-restore`
  for (let n = 2; existsSync(aside); n++) aside = `${file}.before-restore-${n}`
  for (const part of ['', '-wal', '-shm']) {
    if (existsSync(`${file}${part}`)) renameSync(`${file}${part}`, `${aside}${part}`)
  }
  rmSync(`${file}-journal`, { force: true })
  return aside
}
