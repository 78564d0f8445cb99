export { openStore, type StoreConfig } from './open-store.ts'
export { backUpStore, type Backup } from './sqlite/backup/back-up-store.ts'
export { checkStore, type StoreCheck } from './sqlite/backup/check-store.ts'
export { restoreStore, type Missing, type Restored } from './sqlite/backup/restore-store.ts'
