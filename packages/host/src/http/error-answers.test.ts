import { RelayError } from '@overpost/protocol'
import { expect } from 'chai'
import type { Context } from 'koa'
import { pino } from 'pino'
import { errorRenderer } from './error-answers.ts'

describe('errorRenderer', () => {
  const cases: [name: string, error: unknown, status: number, body: object, storeFailures: number][] = [
    [
      'a refusal, with its own words and details',
      new RelayError('ERR_DELIVERY_BLOCKED', 'Not to Bob.', { details: { blockedRecipients: ['b'] } }),
      403,
      { status: 'error', code: 'ERR_DELIVERY_BLOCKED', description: 'Not to Bob.', blockedRecipients: ['b'] },
      0,
    ],
    [
      'anything unknown, without a word of the inside',
      new Error('secret path /srv/db'),
      500,
      { status: 'error', code: 'ERR_INTERNAL', description: 'Something went wrong on this host.' },
      0,
    ],
    [
      'a store that fails, which is then known not to be ready',
      new RelayError('ERR_UNAVAILABLE', 'disk full at /srv/db'),
      503,
      { status: 'error', code: 'ERR_UNAVAILABLE', description: 'This host cannot do that right now; try again.' },
      1,
    ],
  ]
  for (const [name, error, status, body, storeFailures] of cases) {
    it(`answers ${name}`, () => {
      let failures = 0
      const ctx = { status: 404, body: undefined, response: { get: () => 'id' } }
      errorRenderer(pino({ level: 'silent' }), () => (failures += 1))(ctx as unknown as Context, error)
      expect({ status: ctx.status, body: ctx.body }).to.deep.equal({ status, body })
      expect(failures).to.equal(storeFailures)
    })
  }
})
