import { createRequire } from 'node:module'

import type * as Sdk from '@bsv/sdk'

// Deep imports on purpose. The front door of the package takes 275 ms instead of 30, opens a mobile and a browser client,
// and its `Setup` reads a `.env` file from the working directory and prints a line on standard output.
export { MockChainStorage } from '@bsv/wallet-toolbox/out/src/mockchain/MockChainStorage.js'
export { MockServices } from '@bsv/wallet-toolbox/out/src/mockchain/MockServices.js'
export { Monitor } from '@bsv/wallet-toolbox/out/src/monitor/Monitor.js'
export { TaskCheckForProofs } from '@bsv/wallet-toolbox/out/src/monitor/tasks/TaskCheckForProofs.js'
export { TaskSendWaiting } from '@bsv/wallet-toolbox/out/src/monitor/tasks/TaskSendWaiting.js'
export { StorageKnex } from '@bsv/wallet-toolbox/out/src/storage/StorageKnex.js'
export { WalletStorageManager } from '@bsv/wallet-toolbox/out/src/storage/WalletStorageManager.js'
export { Wallet } from '@bsv/wallet-toolbox/out/src/Wallet.js'

import type { MockServices } from '@bsv/wallet-toolbox/out/src/mockchain/MockServices.js'

/** A database handle of the toolbox's own knex. */
export type Knex = MockServices['knex']
/** A block header as the mock chain keeps it: hashes in display order, `time` in seconds. */
export type BlockHeader = Awaited<ReturnType<MockServices['mineBlock']>>
/** What a broadcast came to, in the toolbox's terms. */
export type PostBeefResult = Awaited<ReturnType<MockServices['postBeef']>>[number]

/**
 * The `@bsv/sdk` that the toolbox itself holds. It is CommonJS and so are its SDK classes: a key that it derives with must
 * come from that copy, not from the one that our own modules import.
 */
export function toolboxSdk(): typeof Sdk {
  return requireBesideToolbox()('@bsv/sdk') as typeof Sdk
}

/** Opens a SQLite database, `:memory:` for one that lives as long as the handle. Close it with `destroy()`. */
export function openSqlite(filename: string): Knex {
  const { knex } = requireBesideToolbox()('knex') as { knex: (config: object) => Knex }
  return knex({ client: 'better-sqlite3', connection: { filename }, useNullAsDefault: true })
}

function requireBesideToolbox(): NodeJS.Require {
  return createRequire(createRequire(import.meta.url).resolve('@bsv/wallet-toolbox'))
}
