export {
  maxOperatorPage,
  operatorAnswers,
  operatorPaths,
  operatorRequests,
  parseOperatorRequest,
  queueChanges,
  ruleSubjects,
  ruleVerdicts,
  type OperatorAnswer,
  type OperatorCall,
  type OperatorRequest,
} from './operator.ts'
export {
  acknowledgeMessageAnswerSchema,
  maxAcknowledgements,
  parseAcknowledgeMessage,
  type AcknowledgeMessageAnswer,
  type AcknowledgeMessageJson,
  type AcknowledgeMessageRequest,
} from './acknowledge-message.ts'
export {
  maxSignedAcknowledgements,
  signAcknowledgement,
  verifyAcknowledgement,
  type AcknowledgedMessage,
  type Acknowledgement,
  type AcknowledgementJson,
} from './acknowledgement.ts'
export {
  parseAuthorizeRouting,
  parseRevokeRouting,
  type AuthorizeRoutingJson,
  type RevokeRoutingJson,
} from './authorize-routing.ts'
export { base64ToBytes, bytesToBase64 } from './base64.ts'
export { compileBoxPattern, maxPatternCharacters, type BoxPattern } from './box-pattern.ts'
export { canonicalJson } from './canonical-json.ts'
export { isPlainText } from './plain-text.ts'
export { isCanonicalSignature } from './canonical-signature.ts'
export {
  capabilityPath,
  signCapabilityDocument,
  verifyCapabilityDocument,
  type CapabilityDocument,
} from './capability-document.ts'
export { contentOf, unwrapBody, wrapBody, type MessageContent } from './content.ts'
export {
  custodyBodyHash,
  custodyLeaf,
  custodyProof,
  ownForwardId,
  proveCustody,
  signCustody,
  verifyCustody,
  type Custody,
  type CustodyAnswer,
  type CustodyMessage,
  type CustodyPlace,
  type CustodyProof,
} from './custody-receipt.ts'
export {
  custodyReceiptToJson,
  verifyCustodyReceipt,
  type CustodyReceipt,
  type CustodyReceiptJson,
} from './custody-receipt-json.ts'
export { createDiscoveryTokenScript, verifyDiscoveryToken, type DiscoveryToken } from './discovery-token.ts'
export {
  defaultMemoryDays,
  envelopeFromJson,
  envelopeHash,
  envelopeText,
  envelopeToJson,
  signEnvelope,
  timeRefusal,
  verifyEnvelope,
  type Envelope,
  type EnvelopeJson,
  type EnvelopeMessage,
} from './envelope.ts'
export { errorAnswerSchema, errorTable, RelayError, type ErrorAnswer, type ErrorCode } from './errors.ts'
export {
  devicePlatforms,
  parseRegisterDevice,
  parseRemoveDevice,
  type DeviceJson,
  type DevicePlatform,
  type RegisterDeviceRequest,
} from './devices.ts'
export {
  deliveryStatus,
  maxFeeSatoshis,
  parseGetPermission,
  parseListPermissions,
  parsePermissionQuote,
  parseSetPermission,
  type DeliveryStatus,
  type PermissionJson,
  type QueryParameters,
  type RecipientQuoteJson,
} from './permissions.ts'
export { bytesToHex, hexToBytes } from './hex.ts'
export { originForRouting, parseHostOrigin, type OriginPolicy } from './host-origin.ts'
export {
  listMessagesAnswerSchema,
  maxListLimit,
  parseListMessages,
  uniqueListedId,
  type ListedMessageJson,
  type ListMessagesAnswer,
  type ListMessagesJson,
  type ListMessagesRequest,
} from './list-messages.ts'
export {
  deliveryFailuresBox,
  deliveryFailureText,
  parseDeliveryFailure,
  type DeliveryFailure,
} from './delivery-failure.ts'
export {
  maxStatusHandles,
  messageStatusAnswerSchema,
  parseMessageStatus,
  type MessageStatusAnswer,
  type MessageStatusJson,
  type MessageStatusRequest,
} from './message-status.ts'
export {
  livePath,
  liveMessageSchema,
  parseFollow,
  parseLiveSend,
  parseRoomId,
  type FollowRequest,
  type LiveMessageJson,
  type Room,
} from './live.ts'
export {
  createMessageboxAdvertScript,
  decodeMessageboxAdvert,
  messageboxBaseUrl,
  verifyMessageboxAdvert,
  type MessageboxAdvert,
} from './messagebox-advert.ts'
export {
  bodyCipherKey,
  capabilityKey,
  custodyReceiptKey,
  envelopeKey,
  lookupMessagebox,
  lookupPhip,
  lookupShip,
  lookupSlap,
  messageboxAdvertKey,
  phipAuthorizationKey,
  phipDatedAuthorizationKey,
  phipTokenKey,
  phipHandoverKey,
  phipWithdrawalKey,
  shipTokenKey,
  slapTokenKey,
  topicMessagebox,
  topicPhip,
  topicShip,
  topicSlap,
  walletKey,
  type KeyName,
} from './names.ts'
export { parseUrl } from './parse-url.ts'
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
export { maxRoutes, selectRoutes, type RouteCandidate } from './phip-rules.ts'
export {
  createPhipTokenScript,
  decodePhipToken,
  phipAuthorization,
  verifyPhipToken,
  type PhipToken,
  type PhipVerification,
  type TokenFault,
} from './phip-token.ts'
export {
  signWithdrawal,
  verifyWithdrawal,
  withdrawalText,
  type SignedWithdrawal,
  type Withdrawal,
} from './phip-withdrawal.ts'
export {
  createWithdrawalTokenScript,
  decodeWithdrawalToken,
  verifyWithdrawalToken,
  type WithdrawalToken,
  type WithdrawalVerification,
} from './phip-withdrawal-token.ts'
export {
  handoverText,
  moveAnswerSchema,
  parseHandoverMessages,
  parseMove,
  requireHandover,
  signHandover,
  type Handover,
  type HandoverMessagesJson,
  type MoveAnswer,
  type MoveJson,
  type SignedHandover,
} from './handover.ts'
export {
  maxBatchBytes,
  maxBatchMessages,
  parsePropagateMessage,
  parsePropagateMessages,
  propagateMessageAnswerSchema,
  propagateMessagesAnswerSchema,
  type LinkageRevelationJson,
  type PropagatedItemJson,
  type PropagatedMessage,
  type PropagatedProof,
  type PropagateMessageJson,
  type PropagateMessagesAnswer,
  type PropagateMessagesJson,
  type PropagateResultJson,
  type RequestItemJson,
  type VouchedItemJson,
  type VouchedRequestItemJson,
} from './propagate-message.ts'
export {
  parsePublishWithdrawal,
  publishWithdrawalAnswerSchema,
  requireWithdrawal,
  type PublishWithdrawalAnswer,
  type PublishWithdrawalJson,
} from './publish-withdrawal.ts'
export {
  demandedProof,
  isCiphertext,
  noDemand,
  parseProofPolicy,
  proofPolicyAnswerSchema,
  type ProofDemand,
  type ProofPolicyAnswer,
  type ProofPolicyJson,
  type ProofPolicyRequest,
} from './proof-policy.ts'
export { decodePushDrop, encodePushDrop, type PushDrop } from './pushdrop-script.ts'
export {
  boxNameSchema,
  forwardIdSchema,
  forwardIdTimeMs,
  identityKeySchema,
  messageIdSchema,
  outpointSchema,
  toIdentityKey,
  type BoxName,
  type ForwardId,
  type HostOrigin,
  type IdentityKey,
  type MessageId,
  type Outpoint,
} from './scalars.ts'
export {
  maxRecipients,
  parseSendMessage,
  sendMessageAnswerSchema,
  type SendMessageAnswer,
  type SendMessageJson,
  type SendMessageRequest,
  type SendRecipient,
} from './send-message.ts'
export {
  isProofAtLeast,
  maxRequestPayloadBytes,
  proofKinds,
  requestHash,
  type LinkageRevelation,
  type NamedLinkage,
  type ProofKind,
  type ShownProof,
  type SignedRequest,
} from './sender-proof.ts'
export { sdkHasher, sdkSignatureVerifier } from './sdk-verifier.ts'
export { parseSignedSend } from './signed-send.ts'
export type { Hasher, SignatureVerifier } from './signature-verifier.ts'
export { provenBy, traceAncestry, type Ancestry, type Proof } from './spv/ancestry.ts'
export { ByteReader } from './spv/byte-reader.ts'
export { numbersOf } from './spv/numbers-of.ts'
export {
  parseBeef,
  parseTransaction,
  type BeefInput,
  type BeefTransaction,
  type Bump,
  type ParsedBeef,
} from './spv/parse-beef.ts'
export { proveTransaction, type BlockRoot, type HeaderSource, type ProvenTransaction } from './spv/prove-transaction.ts'
export {
  parseSyncAcknowledgements,
  syncAcknowledgementsAnswerSchema,
  syncAcknowledgementsToJson,
  type SyncAcknowledgements,
  type SyncAcknowledgementsJson,
} from './sync-acknowledgements.ts'
export { parseResendMessages, resendMessagesAnswerSchema, type ResendMessages } from './resend-messages.ts'
export type { TokenSigner } from './token-fields.ts'
