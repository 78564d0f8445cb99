import {
  verifyPhipToken,
  verifyWithdrawalToken,
  type PhipToken,
  type SignatureVerifier,
  type WithdrawalToken,
} from '@overpost/protocol'
import { isBlocked, type Blocklist } from './blocklist.ts'
import { phipTopicDocumentation } from './documentation.ts'
import { TokenTopicManager } from './token-topic-manager.ts'

/** `tm_phip`: the nine steps of phip.md section 3, for permissions (PHIP, PHIP2) and withdrawals (PHIPW). */
export function phipTopicManager({ verifier, allowHttp, blocklist }: PhipTopicConfig): TokenTopicManager {
  const isTokenBlocked = ({ hostKey, userKey, origin }: PhipToken) => isBlocked(blocklist, [hostKey, userKey, origin])
  const isWithdrawalBlocked = ({ publisherKey, userKey }: WithdrawalToken) =>
    isBlocked(blocklist, [publisherKey, userKey])
  return new TokenTopicManager({
    isToken: (script) =>
      'token' in verifyPhipToken(script, { verifier, allowHttp, isBlocked: isTokenBlocked }) ||
      'token' in verifyWithdrawalToken(script, { verifier, isBlocked: isWithdrawalBlocked }),
    metaData: {
      name: 'PHIP Topic Manager',
      shortDescription: 'Which host takes the messages of which identity (BRC-34).',
    },
    documentation: phipTopicDocumentation,
  })
}

export interface PhipTopicConfig {
  readonly verifier: SignatureVerifier
  readonly allowHttp: boolean
  readonly blocklist: Blocklist
}
