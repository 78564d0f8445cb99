export { AdvertBudget } from './advert-budget.ts'
export { AgeClock } from './age-clock.ts'
export { Acknowledgements, type AcknowledgementsDeps } from './acknowledgements.ts'
export { runAdvertiser, reconcile, type AdvertiserDeps } from './advertiser.ts'
export { Alarm } from './alarm.ts'
export { backoffMs, type BackoffPolicy } from './backoff.ts'
export { BoundedMap } from './bounded-map.ts'
export type { Incoming } from './check-proof.ts'
export { custodyMessage, withLeaf } from './custody.ts'
export { destinationAfter } from './circuit-breaker.ts'
export { meaningForCall, meaningForParcel, type Meaning } from './delivery-outcome.ts'
export { runHandovers, type HandoverDeps } from './hand-over.ts'
export { Homes, isInForce } from './homes.ts'
export { Mailbox, type BoxPage } from './mailbox.ts'
export { NodeReputation } from './node-reputation.ts'
export {
  shownProof,
  type AppendOutcome,
  type BoxAddress,
  type Content,
  type Destination,
  type Forwarding,
  type Message,
  type QuotaOutcome,
  type MessageRef,
  type VerifiedEnvelope,
  type VerifiedRequest,
} from './message.ts'
export { statusOf, type MessageStatus, type StatusDeps } from './message-status.ts'
export type { OutboxDeps, OutboxOptions } from './outbox-deps.ts'
export { runOutboxLanes } from './outbox-lanes.ts'
export { blockedFee, maxDeliveryRules, Permissions } from './permissions.ts'
export { runPassAcknowledgements, type PassAcknowledgementsDeps } from './pass-acknowledgements.ts'
export { PassageWaker, type PassageWakerDeps } from './passage-waker.ts'
export { mostAwaitedAcknowledgements, type AcknowledgementStore, type Passage } from './ports/acknowledgement-store.ts'
export type { AdvertPublisher, OwnToken, Statement } from './ports/advert-publisher.ts'
export type { AuthorizationStore, StandingAuthorization, StoredAuthorization } from './ports/authorization-store.ts'
export type { Clock } from './ports/clock.ts'
export { DeviceNotices, type DeviceNoticesDeps } from './device-notices.ts'
export type { Device, DeviceStore } from './ports/device-store.ts'
export type { PushNotifier } from './ports/push-notifier.ts'
export type { CoreEvents } from './ports/events.ts'
export { FeedStandings, runFeedFollower } from './follow-feeds.ts'
export type { DirectoryAnswer, DirectoryEntry, HostDirectory, Sieve } from './ports/host-directory.ts'
export type { EventFeed, FeedCursor, FeedPage } from './ports/event-feed.ts'
export type { HostKeyStore, RememberedHostKey } from './ports/host-key-store.ts'
export type { HostKeys } from './ports/host-keys.ts'
export type { Handled, HandleSeal } from './ports/handle-seal.ts'
export type {
  AcknowledgementLink,
  CallAnswer,
  HandoverLink,
  HostLink,
  LogLink,
  ParcelAnswer,
} from './ports/host-link.ts'
export type { HandoverPlace, HandoverState, HandoverStore, WaitingMessage } from './ports/handover-store.ts'
export type {
  Arrival,
  BoxAge,
  Kept,
  MailboxStore,
  MessageName,
  MessagePage,
  Placement,
  Reception,
  PagedMessage,
  PageLimits,
  StoredMessage,
} from './ports/mailbox-store.ts'
export { goesOut } from './ports/mailbox-store.ts'
export {
  freshDestination,
  type DestinationState,
  type OutboxClaim,
  type OutboxCounts,
  type OutboxStore,
  type Parcel,
  type ParcelBatch,
  type ParcelEnd,
  type ReturnEnd,
  type Tracked,
  type Unrouted,
  type UnroutedEnd,
  type UnroutedGroup,
} from './ports/outbox-store.ts'
export type { DeliveryRule, PermissionStore, RuleName } from './ports/permission-store.ts'
export {
  mostHashedBytes,
  type DestinationRecord,
  type Found,
  type FoundRecord,
  type MessageRecord,
  type MessageRecords,
  type MessageState,
  type Removal,
} from './ports/message-records.ts'
export type { ProofPolicyStore } from './ports/proof-policy-store.ts'
export type { QueueChange, QueuedMessage, QueueOfDestination, QueueStore } from './ports/queue-store.ts'
export { HostLogs, type HostLogsDeps } from './host-logs.ts'
export { runResends, tellLog, type ResendDeps, type TellLogDeps } from './resend.ts'
export type { LogNews, NotedLog, ResendStore } from './ports/resend-store.ts'
export { OperatorRules } from './operator-rules.ts'
export type { OperatorRule, RuleOf, RuleStore } from './ports/rule-store.ts'
export type { Quota, Quotas } from './ports/quotas.ts'
export type { Random } from './ports/random.ts'
export type { RequestVerifier } from './ports/request-verifier.ts'
export type { SessionStateStore } from './ports/session-state-store.ts'
export type { SpendingStore, SpentOn } from './ports/spending-store.ts'
export type { Store } from './ports/store.ts'
export type { StoredWithdrawal, WithdrawalStore } from './ports/withdrawal-store.ts'
export { ProofPolicies } from './proof-policies.ts'
export type { BoxRetention } from './prune-boxes.ts'
export { destinationsFor, Resolver, type Resolution, type ResolverDeps, type ResolverOptions } from './resolve-hosts.ts'
export type { Route } from './route-cache.ts'
export { RouteNews, type FeedNews } from './route-news.ts'
export { runRetention, type RetentionDeps } from './retention.ts'
export { tellSenders, type TellSendersDeps } from './tell-senders.ts'
export { Router, type Accepted, type Received, type RouterDeps, type Send } from './router.ts'
export { SenderVouchers } from './sender-vouchers.ts'
