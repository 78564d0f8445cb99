export { ConnectionAuth, type ConnectionInput } from './connection-auth.ts'
export { crossOrigin } from './cross-origin.ts'
export { hmacSha256 } from './curve.ts'
export { HostSession } from './host-session.ts'
export { IdentityWallet } from './identity-wallet.ts'
export type { Counterparty } from './key-ring.ts'
export { LruCache } from './lru-cache.ts'
export { MutualAuth, type MutualAuthLimits, type MutualAuthOptions, type Peer, type PeerState } from './mutual-auth.ts'
export { nativeHasher, nativeSignatureVerifier } from './native-verifier.ts'
export { nodeServer, type NodeServer, type TlsFiles } from './node-server.ts'
export {
  guardedTransport,
  nodeTransport,
  type GuardedTransportOptions,
  type NodeTransport,
  type NodeTransportOptions,
} from './node-transport.ts'
export { fetchOver, serviceFetch, type ServiceFetch } from './node-transport-fetch.ts'
export {
  dnsAddresses,
  OutgoingRefused,
  type OutgoingException,
  type OutgoingPolicy,
  type ResolveAddresses,
} from './outgoing-guard.ts'
export { readRawBody, type RawBodyLimits, type RawBodyState } from './raw-body.ts'
export { renderError } from './render-error.ts'
export { RequestVerifier } from './request-verifier.ts'
export { SessionError, type SessionFault } from './session-error.ts'
export type { SessionStateStore } from './session-state.ts'
export type { SessionAnswer, SessionCall, SessionTarget } from './signed-session.ts'
export type { Transport, TransportAnswer, TransportRequest } from './transport.ts'
