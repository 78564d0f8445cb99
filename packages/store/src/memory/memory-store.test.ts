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
import { openMemoryStore } from './open-memory-store.ts'

const open = () => Promise.resolve(openMemoryStore())

mailboxStoreContract('memory', open)
outboxStoreContract('memory', open)
hostKeyStoreContract('memory', open)
permissionStoreContract('memory', open)
deviceStoreContract('memory', open)
proofPolicyStoreContract('memory', open)
acknowledgementStoreContract('memory', open)
authorizationStoreContract('memory', open)
retentionContract('memory', open)
sessionStateStoreContract('memory', open)
withdrawalStoreContract('memory', open)
resendStoreContract('memory', open)
ruleStoreContract('memory', open)
queueStoreContract('memory', open)
quotasContract('memory', (quotas) => Promise.resolve(openMemoryStore({ quotas })))
spendingStoreContract('memory', open)
handoverStoreContract('memory', open)
