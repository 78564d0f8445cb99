export { openStore, type StoreConfig } from './open-store.ts'
