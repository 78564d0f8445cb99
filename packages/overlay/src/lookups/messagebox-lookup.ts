import {
  lookupMessagebox,
  messageboxBaseUrl,
  topicMessagebox,
  verifyMessageboxAdvert,
  type SignatureVerifier,
} from '@overpost/protocol'
import * as z from 'zod'
import { claimHash } from './claim-hash.ts'
import { messageboxLookupDocumentation } from './documentation.ts'
import { limitField, parseQuery, requiredKeyField, skipField } from './query-fields.ts'
import type { TokenLookup } from './token-lookup-service.ts'

const hostField = z
  .string()
  .max(512)
  .transform((text, context) => {
    const host = text.trim()
    const baseUrl = host === '' ? undefined : messageboxBaseUrl(host, { allowHttp: true })
    if (baseUrl === null) context.addIssue('must be the URL of a host')
    return baseUrl ?? undefined
  })
  .optional()

const query = z
  .object({
    identityKey: requiredKeyField,
    host: hostField,
    includeSpent: z.boolean().default(false),
    limit: limitField(100),
    skip: skipField,
  })
  .catchall(z.string('must be a string'))

/** `ls_messagebox`, as `@bsv/message-box-client` asks it (docs/specs/messagebox-advert.md). */
export function messageboxLookup(verifier: SignatureVerifier): TokenLookup {
  return {
    topic: topicMessagebox,
    claimOf(script) {
      const verified = verifyMessageboxAdvert(script, { verifier, allowHttp: true })
      if (!('token' in verified)) return null
      const { userKey, baseUrl } = verified.token
      const hash = claimHash([userKey, baseUrl])
      return { hash, userKey, hostKey: '', origin: baseUrl, name: null, issuedAtMs: null, withdrawnAtMs: null }
    },
    parseQuery(question) {
      const { identityKey, host, includeSpent, limit, skip } = parseQuery(lookupMessagebox, query, question)
      return {
        userKey: identityKey,
        origin: host,
        includeSpent,
        spentBefore: 'last',
        order: 'newest first',
        limit,
        skip,
      }
    },
    metaData: {
      name: 'MessageBox Lookup Service',
      shortDescription: 'Finds the message box host that an identity chose.',
    },
    documentation: messageboxLookupDocumentation,
  }
}
