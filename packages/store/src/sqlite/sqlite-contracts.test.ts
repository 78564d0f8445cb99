import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Quotas, Store } from '@overpost/core'
import {
  acknowledgementStoreContract,
  authorizationStoreContract,
  hostKeyStoreContract,
  handoverStoreContract,
  deviceStoreContract,
  mailboxStoreContract,
  outboxStoreContract,
  permissionStoreContract,
  proofPolicyStoreContract,
  queueStoreContract,
  resendStoreContract,
  ruleStoreContract,
  quotasContract,
  retentionContract,
  sessionStateStoreContract,
  spendingStoreContract,
  withdrawalStoreContract,
} from '@overpost/core/testing'
import { openSqliteStore } from './open-sqlite-store.ts'

// The contracts do not pull the plug: where there is a disk in memory, hundreds of new files are made there.
const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

const openWith = async (quotas: Quotas | null): Promise<Store> => {
  const dir = await mkdtemp(join(base, 'overpost-store-'))
  const store = openSqliteStore({ file: join(dir, 'store.sqlite'), quotas })
  return {
    ...store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]()
      await rm(dir, { recursive: true })
    },
  }
}

const open = () => openWith(null)

mailboxStoreContract('sqlite', open)
outboxStoreContract('sqlite', open)
hostKeyStoreContract('sqlite', open)
permissionStoreContract('sqlite', open)
deviceStoreContract('sqlite', open)
proofPolicyStoreContract('sqlite', open)
acknowledgementStoreContract('sqlite', open)
authorizationStoreContract('sqlite', open)
retentionContract('sqlite', open)
sessionStateStoreContract('sqlite', open)
withdrawalStoreContract('sqlite', open)
resendStoreContract('sqlite', open)
ruleStoreContract('sqlite', open)
queueStoreContract('sqlite', open)
quotasContract('sqlite', openWith)
spendingStoreContract('sqlite', open)
handoverStoreContract('sqlite', open)
