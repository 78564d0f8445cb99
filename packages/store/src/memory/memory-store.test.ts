import {
  authorizationStoreContract,
  mailboxStoreContract,
  outboxStoreContract,
  sessionStateStoreContract,
} from '@overpost/core/testing'
import { openMemoryStore } from './open-memory-store.ts'

const open = () => Promise.resolve(openMemoryStore())

mailboxStoreContract('memory', open)
outboxStoreContract('memory', open)
authorizationStoreContract('memory', open)
sessionStateStoreContract('memory', open)
