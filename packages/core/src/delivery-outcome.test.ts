import { expect } from 'chai'
import { meaningForCall, meaningForParcel } from './delivery-outcome.ts'

describe('what an answer of another host means (design section 2.3)', () => {
  const items: { status: number; code: string; kind: string }[] = [
    { status: 404, code: 'ERR_RECIPIENT_NOT_HOSTED', kind: 'misrouted' },
    { status: 429, code: 'ERR_QUOTA_EXCEEDED', kind: 'later' },
    { status: 408, code: 'ERR_REQUEST_TIMEOUT', kind: 'later' },
    { status: 425, code: 'ERR_TOO_EARLY', kind: 'later' },
    { status: 402, code: 'ERR_PAYMENT_REQUIRED', kind: 'later' },
    { status: 401, code: 'UNAUTHORIZED', kind: 'later' },
    { status: 500, code: 'ERR_INTERNAL', kind: 'later' },
    { status: 503, code: 'ERR_UNAVAILABLE', kind: 'later' },
    { status: 409, code: 'ERR_LINKAGE_UNKNOWN', kind: 'later' },
    { status: 409, code: 'ERR_CONFLICT', kind: 'final' },
    { status: 507, code: 'ERR_FULL', kind: 'later' },
    { status: 400, code: 'ERR_DUPLICATE_MESSAGE', kind: 'final' },
    { status: 400, code: 'ERR_TOO_OLD', kind: 'final' },
    { status: 403, code: 'ERR_DELIVERY_BLOCKED', kind: 'final' },
    { status: 413, code: 'ERR_BODY_TOO_LARGE', kind: 'final' },
  ]
  for (const { status, code, kind } of items) {
    it(`for one message, ${status} ${code}: ${kind}`, () => {
      expect(meaningForParcel({ kind: 'refused', status, code })).to.have.property('kind', kind)
    })
  }

  it('for one message, stored or duplicate: delivered', () => {
    expect(meaningForParcel({ kind: 'stored', duplicate: true, receipt: null })).to.deep.equal({
      kind: 'delivered',
      duplicate: true,
      receipt: null,
    })
  })

  const calls: { status: number; parcels: number; kind: string }[] = [
    { status: 400, parcels: 100, kind: 'split' },
    { status: 413, parcels: 2, kind: 'split' },
    { status: 413, parcels: 1, kind: 'final' },
    { status: 401, parcels: 1, kind: 'down' },
    { status: 403, parcels: 1, kind: 'down' },
    { status: 404, parcels: 50, kind: 'down' },
    { status: 429, parcels: 1, kind: 'down' },
    { status: 503, parcels: 100, kind: 'down' },
  ]
  for (const { status, parcels, kind } of calls) {
    it(`for a call with ${parcels}, ${status}: ${kind}`, () => {
      const answer = { kind: 'refused', status, code: 'ERR', retryAfterMs: 5 } as const
      expect(meaningForCall(answer, parcels)).to.have.property('kind', kind)
    })
  }

  it('for a call that reached nobody: down', () => {
    expect(meaningForCall({ kind: 'unreachable', reason: 'timeout' }, 3)).to.deep.equal({
      ...{ kind: 'down', reason: 'timeout', retryAfterMs: null },
    })
  })
})
