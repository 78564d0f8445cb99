import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** The database in a host's folder. */
export function storeFile(dir: string): string {
  const [file, ...more] = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.sqlite'),
  )
  if (file === undefined || more.length > 0) throw new Error(`Not one database in ${dir}`)
  return join(dir, file)
}

/** Finds a message by its id among the last few of a table, without an index on ids. */
export function messageQuery(table: string, rowId: string): string {
  return `SELECT 1 FROM (SELECT message_id FROM ${table} ORDER BY ${rowId} DESC LIMIT 10) WHERE message_id = ?`
}
