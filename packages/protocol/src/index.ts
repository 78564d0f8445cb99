export { compileBoxPattern, maxPatternCharacters, type BoxPattern } from './box-pattern.ts'
export { isCanonicalSignature } from './canonical-signature.ts'
export { createDiscoveryTokenScript, verifyDiscoveryToken, type DiscoveryToken } from './discovery-token.ts'
export { errorTable, RelayError, type ErrorCode } from './errors.ts'
export { bytesToHex, hexToBytes } from './hex.ts'
export { originForRouting, parseHostOrigin, type OriginPolicy } from './host-origin.ts'
export {
  capabilityKey,
  envelopeKey,
  lookupPhip,
  lookupShip,
  lookupSlap,
  phipAuthorizationKey,
  phipDatedAuthorizationKey,
  phipTokenKey,
  shipTokenKey,
  slapTokenKey,
  topicPhip,
  topicShip,
  topicSlap,
  walletKey,
  type KeyName,
} from './names.ts'
export {
  authorizationKey,
  authorizationText,
  datesFault,
  defaultAuthorizationLifeMs,
  maxAheadMs,
  maxAuthorizationLifeMs,
  requireAuthorization,
  signAuthorization,
  verifyAuthorization,
  type AuthorizationDates,
  type RoutingAuthorization,
  type RoutingTerms,
} from './phip-authorization.ts'
export {
  createPhipTokenScript,
  decodePhipToken,
  phipAuthorization,
  verifyPhipToken,
  type PhipToken,
  type PhipVerification,
  type TokenFault,
} from './phip-token.ts'
export { decodePushDrop, encodePushDrop, type PushDrop } from './pushdrop-script.ts'
export {
  boxNameSchema,
  forwardIdSchema,
  forwardIdTimeMs,
  identityKeySchema,
  messageIdSchema,
  outpointSchema,
  type BoxName,
  type ForwardId,
  type HostOrigin,
  type IdentityKey,
  type MessageId,
  type Outpoint,
} from './scalars.ts'
export { sdkHasher, sdkSignatureVerifier } from './sdk-verifier.ts'
export type { Hasher, SignatureVerifier } from './signature-verifier.ts'
export type { TokenSigner } from './token-fields.ts'
