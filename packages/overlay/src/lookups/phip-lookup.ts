import {
  decodePhipToken,
  decodeWithdrawalToken,
  lookupPhip,
  maxAheadMs,
  originForRouting,
  RelayError,
  topicPhip,
} from '@overpost/protocol'
import * as z from 'zod'
import type { Claim } from '../storage/admission-record.ts'
import { claimHash } from './claim-hash.ts'
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

/** `ls_phip` (phip.md sections 5, 6 and 10, overlay.md section 8). `now` gives Unix milliseconds: which withdrawals count yet. */
export function phipLookup(now: () => number): TokenLookup {
  return {
    topic: topicPhip,
    claimOf: (script) => permissionIn(script) ?? withdrawalIn(script),
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
        spentBefore: 'gone',
        withdrawalsUntilMs: now() + maxAheadMs,
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
}

function permissionIn(script: Uint8Array): Claim | null {
  const token = decodePhipToken(script)
  if (token === null) return null
  const { hostKey, userKey, origin, pattern, dates } = token
  return {
    // What the user allowed. Not the signatures: a host can make any number of them for the same permission.
    hash: claimHash([hostKey, origin, userKey, pattern, dates?.issuedAtMs, dates?.expiresAtMs]),
    userKey,
    hostKey,
    origin: originForRouting(origin, { allowHttp: true }) ?? origin,
    name: null,
    issuedAtMs: dates?.issuedAtMs ?? null,
    withdrawnAtMs: null,
  }
}

/** Whoever publishes it, it says the same. */
function withdrawalIn(script: Uint8Array): Claim | null {
  const token = decodeWithdrawalToken(script)
  if (token === null) return null
  const { userKey, hostKey, atMs } = token
  const hash = claimHash(['PHIPW', userKey, hostKey, atMs])
  return { hash, userKey, hostKey, origin: '', name: null, issuedAtMs: null, withdrawnAtMs: atMs }
}
