import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { damaged, explainFault, findDamage, openToCheck } from '../check-file.ts'
import { migrate } from '../migrate.ts'
import { countRows, type StoreRows } from './count-rows.ts'

export interface Backup extends StoreRows {
  readonly bytes: number
}

/**
 * Writes a copy of a store as it is at one moment, also while a host runs on it: that goes on meanwhile. The copy is checked,
 * and on disk when this returns; it never stands under its name half done.
 * @throws {Error} when the store is damaged, or `to` is there already
 */
export function backUpStore({ file, to, nowMs }: { file: string; to: string; nowMs: number }): Backup {
  if (existsSync(to)) throw new Error(`${to} is there already`)
  const draft = `${to}.part`
  rmSync(draft, { force: true })
  try {
    using source = closing(openToCheck(file))
    source.db.prepare('VACUUM INTO ?').run(draft)
    const rows = mark(draft, nowMs)
    syncPath(draft)
    renameSync(draft, to)
    syncPath(dirname(to))
    return { ...rows, bytes: statSync(to).size }
  } catch (error) {
    rmSync(draft, { force: true })
    throw explainFault(file, error)
  }
}

function mark(copy: string, nowMs: number): StoreRows {
  using opened = closing(new Database(copy))
  const { db } = opened
  migrate(db)
  db.prepare('UPDATE store SET backup_at_ms = ?').run(nowMs)
  const damage = findDamage(db)
  if (damage !== null) throw damaged(copy, damage)
  return countRows(db)
}

export function closing(db: Database.Database): { readonly db: Database.Database } & Disposable {
  return { db, [Symbol.dispose]: () => db.close() }
}

export function syncPath(path: string): void {
  const handle = openSync(path, 'r')
  fsyncSync(handle)
  closeSync(handle)
}
