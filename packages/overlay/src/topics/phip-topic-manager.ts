import { verifyPhipToken, type PhipToken, type SignatureVerifier } from '@overpost/protocol'
import { isBlocked, type Blocklist } from './blocklist.ts'
import { phipTopicDocumentation } from './documentation.ts'
import { TokenTopicManager } from './token-topic-manager.ts'

/** `tm_phip`: the nine steps of phip.md section 3. */
export function phipTopicManager({ verifier, allowHttp, blocklist }: PhipTopicConfig): TokenTopicManager {
  const isTokenBlocked = ({ hostKey, userKey, origin }: PhipToken) => isBlocked(blocklist, [hostKey, userKey, origin])
  return new TokenTopicManager({
    isToken: (script) => 'token' in verifyPhipToken(script, { verifier, allowHttp, isBlocked: isTokenBlocked }),
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
