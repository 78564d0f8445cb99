import type { BoxAddress } from '@overpost/core'
import { RelayError, type IdentityKey } from '@overpost/protocol'
import { Connection, diskFaultOf } from './database.ts'
import { IdCache } from './id-cache.ts'

const mostKeys = 50_000

/** What the reads of the main thread share: their connection, and the integers that stand for keys and boxes. */
export class ReaderContext extends Connection {
  readonly #keys = new IdCache<number, IdentityKey>(mostKeys)
  readonly #ids = new IdCache<IdentityKey, number>(mostKeys)
  readonly #mailboxIds = new IdCache<string, number>(mostKeys)

  /** Reads. @throws {RelayError} ERR_UNAVAILABLE when the disk fails. */
  read<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw diskFaultOf(error) !== null ? new RelayError('ERR_UNAVAILABLE', undefined, { cause: error }) : error
    }
  }

  key(id: number): IdentityKey {
    const known = this.#keys.get(id)
    if (known !== undefined) return known
    const row = this.sql<[Buffer]>('SELECT key FROM identities WHERE id = ?').get(id)
    if (row === undefined) throw new Error(`no identity has the number ${id}`)
    const key = row[0].toString('hex') as IdentityKey
    this.#keys.set(id, key)
    return key
  }

  /** The integer that stands for a key; null when it was never seen. */
  findId(key: IdentityKey): number | null {
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const row = this.sql<[number]>('SELECT id FROM identities WHERE key = ?').get(Buffer.from(key, 'hex'))
    if (row === undefined) return null
    this.#ids.set(key, row[0])
    return row[0]
  }

  /** The number of a box; null when nothing was ever in it. */
  findMailboxId({ owner, box }: BoxAddress): number | null {
    const cacheKey = `${owner} ${box}`
    const known = this.#mailboxIds.get(cacheKey)
    if (known !== undefined) return known
    const ownerId = this.findId(owner)
    if (ownerId === null) return null
    const row = this.sql<[number]>('SELECT id FROM mailboxes WHERE owner_id = ? AND name = ?').get(ownerId, box)
    if (row === undefined) return null
    this.#mailboxIds.set(cacheKey, row[0])
    return row[0]
  }
}
