import {
  lookupShip,
  lookupSlap,
  RelayError,
  topicShip,
  topicSlap,
  verifyDiscoveryToken,
  type SignatureVerifier,
} from '@overpost/protocol'
import * as z from 'zod'
import { claimHash } from './claim-hash.ts'
import { shipLookupDocumentation, slapLookupDocumentation } from './documentation.ts'
import { keyField, limitField, originField, otherField, parseQuery, skipField } from './query-fields.ts'
import type { TokenLookup } from './token-lookup-service.ts'

const common = {
  findAll: z.boolean().optional(),
  domain: originField,
  identityKey: keyField,
  includeSpent: z.boolean().default(false),
  sortOrder: z.enum(['asc', 'desc']).default('desc'),
  limit: limitField(1_000),
  skip: skipField,
}
const nameField = z.string().max(50)
const shipQuery = z.object({ ...common, topics: z.array(nameField).max(50).optional() }).catchall(otherField)
const slapQuery = z.object({ ...common, service: nameField.optional() }).catchall(otherField)

const kinds = {
  SHIP: {
    topic: topicShip,
    service: lookupShip,
    metaData: {
      name: 'SHIP Lookup Service',
      shortDescription: 'Finds nodes that take transactions for topics (BRC-88).',
    },
    documentation: shipLookupDocumentation,
  },
  SLAP: {
    topic: topicSlap,
    service: lookupSlap,
    metaData: { name: 'SLAP Lookup Service', shortDescription: 'Finds nodes that answer lookup services (BRC-88).' },
    documentation: slapLookupDocumentation,
  },
} as const

/** `ls_ship` or `ls_slap` (overlay.md section 3). */
export function discoveryLookup(kind: 'SHIP' | 'SLAP', verifier: SignatureVerifier): TokenLookup {
  const { topic, service, metaData, documentation } = kinds[kind]
  return {
    topic,
    metaData,
    documentation,
    claimOf(script) {
      const verified = verifyDiscoveryToken(script, { verifier, allowHttp: true })
      if (!('token' in verified)) return null
      const { identityKey, origin, name } = verified.token
      const hash = claimHash([identityKey, origin, name])
      return { hash, userKey: null, hostKey: identityKey, origin, name, issuedAtMs: null, withdrawnAtMs: null }
    },
    parseQuery(question) {
      const asked = question === 'findAll' ? { findAll: true } : question
      const { names, ...query } = kind === 'SHIP' ? parseShip(asked) : parseSlap(asked)
      const { findAll, domain, identityKey, includeSpent, sortOrder, limit, skip } = query
      if (findAll !== true && domain === undefined && identityKey === undefined && names === undefined) {
        throw new RelayError(
          'ERR_INVALID_PARAMETERS',
          `The query of ${service} must be "findAll", or say which: domain, identityKey, ${kind === 'SHIP' ? 'topics' : 'service'}.`,
        )
      }
      return {
        hostKey: identityKey,
        origin: domain,
        names,
        includeSpent,
        spentBefore: 'nothing',
        order: sortOrder === 'desc' ? 'newest first' : 'oldest first',
        limit,
        skip,
      }
    },
  }
}

function parseShip(query: unknown) {
  const { topics, ...rest } = parseQuery(lookupShip, shipQuery, query)
  return { ...rest, names: topics }
}

function parseSlap(query: unknown) {
  const { service, ...rest } = parseQuery(lookupSlap, slapQuery, query)
  return { ...rest, names: service === undefined ? undefined : [service] }
}
