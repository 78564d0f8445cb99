import { verifyMessageboxAdvert, type SignatureVerifier } from '@overpost/protocol'
import { isBlocked, type Blocklist } from './blocklist.ts'
import { messageboxTopicDocumentation } from './documentation.ts'
import { TokenTopicManager } from './token-topic-manager.ts'

/** `tm_messagebox`: the checks of docs/specs/messagebox-advert.md. */
export function messageboxTopicManager({
  verifier,
  allowHttp,
  blocklist,
}: {
  verifier: SignatureVerifier
  allowHttp: boolean
  blocklist: Blocklist
}): TokenTopicManager {
  return new TokenTopicManager({
    isToken(script) {
      const verified = verifyMessageboxAdvert(script, { verifier, allowHttp })
      if (!('token' in verified)) return false
      const { userKey, baseUrl, origin } = verified.token
      return !isBlocked(blocklist, [userKey, baseUrl, ...(origin === null ? [] : [origin])])
    },
    metaData: {
      name: 'MessageBox Topic Manager',
      shortDescription: 'Which message box host an identity chose.',
    },
    documentation: messageboxTopicDocumentation,
  })
}
