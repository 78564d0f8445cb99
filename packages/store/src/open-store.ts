import type { Store } from '@overpost/core'
import { openMemoryStore, type MemoryStoreOptions } from './memory/open-memory-store.ts'
import { openSqliteStore, type SqliteStoreOptions } from './sqlite/open-sqlite-store.ts'

/** Which adapter keeps what a host keeps. `memory` is gone with the process: for tests. */
export type StoreConfig =
  ({ readonly kind: 'memory' } & MemoryStoreOptions) | ({ readonly kind: 'sqlite' } & SqliteStoreOptions)

/**
 * Opens the store of a host.
 * @throws {Error} when it is in use by another process, or a newer program made it, or the file is damaged.
 */
export async function openStore(config: StoreConfig): Promise<Store> {
  switch (config.kind) {
    case 'memory':
      return Promise.resolve(openMemoryStore(config))
    case 'sqlite':
      return Promise.resolve(openSqliteStore(config))
  }
}
