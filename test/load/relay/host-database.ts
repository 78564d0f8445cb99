import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** The database in a host's folder. */
export function storeFile(dir: string): string {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' })
  const [file, ...more] = names.filter((name) => /\.(?:sqlite|db)$/.test(name))
  if (file === undefined || more.length > 0) throw new Error(`Not one database in ${dir}`)
  return join(dir, file)
}

/** Finds a message at its home by its id, quickly: the table's index has the owner before the id. */
export const messageQuery = 'SELECT 1 FROM messages WHERE owner_id IN (SELECT id FROM identities) AND message_id = ?'
