import { decodePhipToken, lookupPhip, originForRouting, RelayError, topicPhip } from '@overpost/protocol'
import { createHash } from 'node:crypto'
import * as z from 'zod'
import { phipLookupDocumentation } from './documentation.ts'
import { keyField, limitField, originField, otherField, parseQuery, skipField } from './query-fields.ts'
import type { TokenLookup } from './token-lookup-service.ts'

const query = z
  .object({
    recipient: keyField,
    user: keyField,
    identityKey: keyField,
    hostKey: keyField,
    domain: originField,
    includeSpent: z.boolean().default(false),
    limit: limitField(100),
    skip: skipField,
  })
  .catchall(otherField)

/** `ls_phip` (phip.md sections 5 and 6, overlay.md section 8). */
export const phipLookup: TokenLookup = {
  topic: topicPhip,
  claimOf(script) {
    const token = decodePhipToken(script)
    if (token === null) return null
    const { hostKey, userKey, origin, pattern, dates } = token
    // What the user allowed. Not the signatures: a host can make any number of them for the same permission.
    const said = JSON.stringify([hostKey, origin, userKey, pattern, dates?.issuedAtMs, dates?.expiresAtMs])
    return {
      hash: createHash('sha256').update(said).digest(),
      userKey,
      hostKey,
      origin: originForRouting(origin, { allowHttp: true }) ?? origin,
      name: null,
    }
  },
  parseQuery(question) {
    const { recipient, user, identityKey, hostKey, domain, includeSpent, limit, skip } = parseQuery(
      lookupPhip,
      query,
      question,
    )
    const users = new Set([recipient, user, identityKey].filter((key) => key !== undefined))
    if (users.size > 1) {
      throw new RelayError('ERR_INVALID_PARAMETERS', 'recipient, user and identityKey name different keys.')
    }
    const [userKey] = users
    return {
      userKey,
      hostKey,
      origin: domain,
      includeSpent,
      spentOnceIsGone: true,
      order: 'newest first',
      limit,
      skip,
    }
  },
  metaData: {
    name: 'PHIP Lookup Service',
    shortDescription: 'Finds the hosts that take the messages of an identity (BRC-34).',
  },
  documentation: phipLookupDocumentation,
}
