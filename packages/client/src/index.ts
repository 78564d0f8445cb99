export type { BodySecrecy } from './body-cipher.ts'
export type { Device, DevicesClient, NewDevice } from './devices-client.ts'
export { findHosts, type FindHostsRequest, type FoundHost, type FoundHosts } from './find-hosts.ts'
export type { FollowedMessage, FollowOptions } from './follow.ts'
export type { FollowedHomesMessage, FollowHomesOptions } from './follow-homes.ts'
export { headerServiceTracker } from './header-service-tracker.ts'
export { HomesClient, type FailedHome, type HomesClientOptions, type MergedMessage } from './homes-client.ts'
export type { OpenWebSocket, WebSocketLike } from './live-socket.ts'
export type { ListedMessage } from './listed-message.ts'
export {
  MessageBoxClient,
  type AcknowledgeOptions,
  type Authorized,
  type AuthorizeOptions,
  type CallOptions,
  type ClientWallet,
  type ListOptions,
  type MessageBoxClientOptions,
  type MessageNames,
  type MessagePage,
  type MoveProgress,
  type SentMessage,
} from './message-box-client.ts'
export { OperatorClient, type OperatorClientOptions } from './operator-client.ts'
export type { MessageStatus, StatusDestination } from './message-status.ts'
export type { Permission, PermissionNames, PermissionsClient, Quote } from './permissions-client.ts'
export type { OutgoingMessage, PreparedMessage } from './prepare-message.ts'
export type { WithdrawOptions, Withdrawn } from './publish-withdrawal.ts'
export { RelayClientError, type ClientErrorCode } from './relay-client-error.ts'
