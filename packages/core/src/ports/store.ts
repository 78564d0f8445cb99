import type { AcknowledgementStore } from './acknowledgement-store.ts'
import type { AuthorizationStore } from './authorization-store.ts'
import type { HostKeyStore } from './host-key-store.ts'
import type { HandoverStore } from './handover-store.ts'
import type { DeviceStore } from './device-store.ts'
import type { MailboxStore } from './mailbox-store.ts'
import type { MessageRecords } from './message-records.ts'
import type { OutboxStore } from './outbox-store.ts'
import type { PermissionStore } from './permission-store.ts'
import type { ProofPolicyStore } from './proof-policy-store.ts'
import type { QueueStore } from './queue-store.ts'
import type { ResendStore } from './resend-store.ts'
import type { RuleStore } from './rule-store.ts'
import type { SessionStateStore } from './session-state-store.ts'
import type { SpendingStore } from './spending-store.ts'
import type { WithdrawalStore } from './withdrawal-store.ts'

/** All that a host keeps, in one place with one owner. */
export interface Store extends AsyncDisposable {
  readonly mailboxes: MailboxStore
  readonly acknowledgements: AcknowledgementStore
  readonly outbox: OutboxStore
  readonly records: MessageRecords
  readonly queue: QueueStore
  readonly resends: ResendStore
  readonly rules: RuleStore
  readonly authorizations: AuthorizationStore
  readonly proofPolicies: ProofPolicyStore
  readonly hostKeys: HostKeyStore
  readonly permissions: PermissionStore
  readonly devices: DeviceStore
  readonly sessionState: SessionStateStore
  readonly handovers: HandoverStore
  readonly spending: SpendingStore
  readonly withdrawals: WithdrawalStore
  /**
   * Writes something that changes nothing.
   * @throws {RelayError} as new mail would: ERR_STORAGE_FULL without room for it, ERR_UNAVAILABLE when writes fail
   */
  probe(): Promise<void>
  /** What is known to be wrong with what is stored; null: nothing. Answers at once. */
  damage(): string | null
}
