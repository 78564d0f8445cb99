export { acknowledgementStoreContract } from './acknowledgement-store.contract.ts'
export { authorizationStoreContract } from './authorization-store.contract.ts'
export { deviceStoreContract } from './device-store.contract.ts'
export {
  alice,
  arrivalFixture,
  authorizationFixture,
  bob,
  boxFixture,
  carol,
  destinationFixture,
  envelopeFixture,
  fixtureNowMs,
  forwardedFixture,
  forwardIdFixture,
  forwardingFixture,
  guestFixture,
  idFixture,
  inbox,
  keyFixture,
  leafFixture,
  messageFixture,
  outpointFixture,
  placementFixture,
  requestFixture,
  seekingFixture,
  withdrawalFixture,
} from './fixtures.ts'
export { hostKeyStoreContract } from './host-key-store.contract.ts'
export { handoverStoreContract } from './handover-store.contract.ts'
export { mailboxStoreContract } from './mailbox-store.contract.ts'
export { ManualClock } from './manual-clock.ts'
export { outboxStoreContract } from './outbox-store.contract.ts'
export { permissionStoreContract } from './permission-store.contract.ts'
export { proofPolicyStoreContract } from './proof-policy-store.contract.ts'
export { resendStoreContract } from './resend-store.contract.ts'
export { ruleStoreContract } from './rule-store.contract.ts'
export { queueStoreContract } from './queue-store.contract.ts'
export { quotasContract } from './quotas.contract.ts'
export { retentionContract } from './retention.contract.ts'
export { seededRandom } from './seeded-random.ts'
export { sessionStateStoreContract } from './session-state-store.contract.ts'
export {
  accept,
  claimAll,
  claimLimits,
  claimParcels,
  claimText,
  claimUnrouted,
  eachWithStore,
  largePage,
  listing,
  received,
} from './with-store.ts'
export { spendingStoreContract } from './spending-store.contract.ts'
export { withdrawalStoreContract } from './withdrawal-store.contract.ts'
