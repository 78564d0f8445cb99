import { expect } from 'chai'
import { RelayError } from './errors.ts'
import {
  maxAuthorizationLifeMs,
  requireAuthorization,
  signAuthorization,
  type RoutingTerms,
} from './phip-authorization.ts'
import { sdkSignatureVerifier } from './sdk-verifier.ts'
import { host, origin, stranger, user } from './testing/vectors.ts'

const nowMs = 1_700_000_000_000
const day = 86_400_000
const here = { hostKey: host.key, origin, nowMs, verifier: sdkSignatureVerifier(), allowHttp: false }
const terms: RoutingTerms = { userKey: user.key, hostKey: host.key, origin, pattern: null, dates: null }

function dated(issuedInMs: number, lifeMs: number): Partial<RoutingTerms> {
  return { dates: { issuedAtMs: nowMs + issuedInMs, expiresAtMs: nowMs + issuedInMs + lifeMs } }
}

describe('requireAuthorization', () => {
  const taken: [string, Partial<RoutingTerms>][] = [
    ['without dates', {}],
    ['for 90 days from now', dated(0, 90 * day)],
    ['issued 10 minutes ahead', dated(600_000, day)],
    ['for 400 days', dated(0, maxAuthorizationLifeMs)],
    ['in its last moment', dated(-day, day + 1)],
    ['with a pattern', { pattern: '^inbox$' }],
    ['for the bare domain', { origin: 'relay.example' }],
  ]
  for (const [name, changes] of taken) {
    it(`takes one ${name}`, async () => {
      const authorization = await signAuthorization(user.wallet, { ...terms, ...changes })
      expect(() => requireAuthorization(authorization, here)).not.to.throw()
    })
  }

  const refused: [string, Partial<RoutingTerms>][] = [
    ['for another host key', { hostKey: stranger.key }],
    ['for another origin', { origin: 'https://other.example' }],
    ['for http', { origin: 'http://relay.example' }],
    ['with the pattern ALL', { pattern: 'ALL' }],
    ['with a pattern that does not compile', { pattern: '(' }],
    ['issued more than 10 minutes ahead', dated(600_001, day)],
    ['that has expired', dated(-day, day)],
    ['for more than 400 days', dated(0, maxAuthorizationLifeMs + 1)],
    ['that ends before it begins', dated(1000, -500)],
  ]
  for (const [name, changes] of refused) {
    it(`refuses one ${name}`, async () => {
      const authorization = await signAuthorization(user.wallet, { ...terms, ...changes })
      expect(() => requireAuthorization(authorization, here))
        .to.throw(RelayError)
        .with.property('code', 'ERR_INVALID_AUTHORIZATION')
    })
  }

  it("refuses a stranger's signature", async () => {
    const authorization = await signAuthorization(stranger.wallet, terms)
    expect(() => requireAuthorization(authorization, here))
      .to.throw(RelayError)
      .with.property('code', 'ERR_SIGNATURE_INVALID')
  })
})
