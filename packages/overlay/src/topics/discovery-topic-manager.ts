import { verifyDiscoveryToken, type SignatureVerifier } from '@overpost/protocol'
import { isBlocked, type Blocklist } from './blocklist.ts'
import { shipTopicDocumentation, slapTopicDocumentation } from './documentation.ts'
import { TokenTopicManager } from './token-topic-manager.ts'

const texts = {
  SHIP: {
    metaData: {
      name: 'SHIP Topic Manager',
      shortDescription: 'Which nodes take transactions for which topic (BRC-88).',
    },
    documentation: shipTopicDocumentation,
  },
  SLAP: {
    metaData: { name: 'SLAP Topic Manager', shortDescription: 'Which nodes answer which lookup service (BRC-88).' },
    documentation: slapTopicDocumentation,
  },
} as const

/** `tm_ship` or `tm_slap`: the checks of overlay.md section 3. */
export function discoveryTopicManager(
  kind: 'SHIP' | 'SLAP',
  { verifier, allowHttp, blocklist }: { verifier: SignatureVerifier; allowHttp: boolean; blocklist: Blocklist },
): TokenTopicManager {
  return new TokenTopicManager({
    isToken(script) {
      const verified = verifyDiscoveryToken(script, { verifier, allowHttp })
      if (!('token' in verified) || verified.token.kind !== kind) return false
      return !isBlocked(blocklist, [verified.token.identityKey, verified.token.origin])
    },
    ...texts[kind],
  })
}
