import type { Quotas, SessionStateStore, Store } from '@overpost/core'
import { ClaimingOutboxStore } from '../outbox/claiming-outbox-store.ts'
import { claimingQueueStore } from '../outbox/queue-rows.ts'
import { claimingResendStore } from '../outbox/resend-rows.ts'
import { MemoryAcknowledgementStore } from './memory-acknowledgement-store.ts'
import { MemoryAuthorizationStore } from './memory-authorization-store.ts'
import { MemoryAwaited } from './memory-awaited.ts'
import { MemoryHostKeyStore } from './memory-host-key-store.ts'
import { MemoryDeviceStore } from './memory-device-store.ts'
import { MemoryLog } from './memory-log.ts'
import { MemoryMailboxStore } from './memory-mailbox-store.ts'
import { memoryMessageRecords } from './memory-message-records.ts'
import { memoryOutbox } from './memory-outbox-rows.ts'
import { MemoryOutgoing } from './memory-outgoing.ts'
import { MemoryRuleStore } from './memory-rule-store.ts'
import { memoryResendRows } from './memory-resend-rows.ts'
import { memoryQueueRows } from './memory-queue-rows.ts'
import { MemoryPermissionStore } from './memory-permission-store.ts'
import { MemoryProofPolicyStore } from './memory-proof-policy-store.ts'
import { MemoryHandoverStore } from './memory-handover-store.ts'
import { MemorySpendingStore } from './memory-spending-store.ts'
import { MemoryWithdrawalStore } from './memory-withdrawal-store.ts'

export interface MemoryStoreOptions {
  /** Null: none. */
  readonly quotas?: Quotas | null
  /** By which clock messages have their end; the system's by default. */
  readonly nowMs?: () => number
}

/** An empty store that is gone with the process: for tests and simulations, slow when it holds many messages. */
export function openMemoryStore({ quotas = null, nowMs = Date.now }: MemoryStoreOptions = {}): Store {
  const log = new MemoryLog()
  const outgoing = new MemoryOutgoing(log, nowMs)
  const rows = memoryOutbox(outgoing, () => mailboxes)
  const authorizations = new MemoryAuthorizationStore()
  const outbox = new ClaimingOutboxStore(rows, rows)
  const awaited = new MemoryAwaited()
  const mailboxes = new MemoryMailboxStore(log, outgoing, quotas, awaited, (placement) =>
    outbox.noteAccepted(placement),
  )
  return {
    mailboxes,
    acknowledgements: new MemoryAcknowledgementStore(log, mailboxes, awaited),
    outbox,
    records: memoryMessageRecords(log, outgoing),
    authorizations,
    handovers: new MemoryHandoverStore(log, authorizations),
    spending: new MemorySpendingStore(),
    withdrawals: new MemoryWithdrawalStore(authorizations),
    rules: new MemoryRuleStore(),
    resends: claimingResendStore(memoryResendRows(outgoing), outbox),
    queue: claimingQueueStore(memoryQueueRows(outgoing), outbox),
    proofPolicies: new MemoryProofPolicyStore(),
    hostKeys: new MemoryHostKeyStore(),
    permissions: new MemoryPermissionStore(),
    devices: new MemoryDeviceStore(),
    sessionState: memorySessionState(),
    probe: () => Promise.resolve(),
    damage: () => null,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

function memorySessionState(): SessionStateStore {
  let saved: Uint8Array | null = null
  return {
    take() {
      const taken = saved
      saved = null
      return Promise.resolve(taken)
    },
    save(state) {
      saved = Uint8Array.from(state)
      return Promise.resolve()
    },
  }
}
