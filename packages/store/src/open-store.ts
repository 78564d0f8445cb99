import type { Store } from '@overpost/core'
import { openMemoryStore } from './memory/open-memory-store.ts'

/** Which adapter keeps what a host keeps. */
export type StoreConfig = { readonly kind: 'memory' }

/** Opens the store of a host. */
export function openStore(config: StoreConfig): Promise<Store> {
  return Promise.resolve({ memory: openMemoryStore }[config.kind]())
}
