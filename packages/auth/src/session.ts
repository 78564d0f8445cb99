// The calling side, safe in browsers: `@overpost/auth/session`.
export { ClientSession } from './client-session.ts'
export { fetchTransport } from './fetch-transport.ts'
export { SessionError, type SessionFault } from './session-error.ts'
export { walletSigner, type SessionSigner, type SessionWallet } from './session-signer.ts'
export { SignedConnection, type ConnectionEvent, type ConnectionTarget } from './signed-connection.ts'
export { SignedSession, type SessionAnswer, type SessionCall, type SessionTarget } from './signed-session.ts'
export { AnswerTooLarge, type Transport, type TransportAnswer, type TransportRequest } from './transport.ts'
