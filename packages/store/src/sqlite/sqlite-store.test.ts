import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '@overpost/core'
import {
  authorizationStoreContract,
  mailboxStoreContract,
  outboxStoreContract,
  sessionStateStoreContract,
} from '@overpost/core/testing'
import { openSqliteStore } from './open-sqlite-store.ts'

for (const writer of ['thread', 'here'] as const) {
  const open = async (): Promise<Store> => {
    const dir = await mkdtemp(join(tmpdir(), 'overpost-store-'))
    const store = openSqliteStore({ file: join(dir, 'store.sqlite'), writer })
    return {
      ...store,
      async [Symbol.asyncDispose]() {
        await store[Symbol.asyncDispose]()
        await rm(dir, { recursive: true })
      },
    }
  }
  mailboxStoreContract(`sqlite ${writer}`, open)
  outboxStoreContract(`sqlite ${writer}`, open)
  authorizationStoreContract(`sqlite ${writer}`, open)
  sessionStateStoreContract(`sqlite ${writer}`, open)
}
