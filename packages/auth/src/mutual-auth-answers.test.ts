import { RelayError } from '@overpost/protocol'
import { expect } from 'chai'
import { alice, authFetch, expectRefusal, expectSigned } from './testing/auth-expectations.ts'
import { aliceKeyHex, bobKeyHex, openSession, sendRaw, signRaw, startAuthHost } from './testing/auth-host.ts'

describe('MutualAuth signs whatever its routes answer', () => {
  const routes: [title: string, handle: Parameters<typeof startAuthHost>[0], status: number, body: string][] = [
    [
      'a thrown RelayError',
      () => {
        throw new RelayError('ERR_DELIVERY_BLOCKED')
      },
      403,
      'ERR_DELIVERY_BLOCKED',
    ],
    [
      'any other error, without its text',
      () => {
        throw new Error('the inside')
      },
      500,
      'ERR_INTERNAL',
    ],
    [
      'a 401 of the route',
      (ctx) => {
        ctx.status = 401
        ctx.body = { code: 'MINE' }
      },
      401,
      'MINE',
    ],
    [
      'a 402',
      (ctx) => {
        ctx.status = 402
        ctx.body = 'pay'
      },
      402,
      'pay',
    ],
    [
      'a 204 as 200 {}',
      (ctx) => {
        ctx.status = 204
      },
      200,
      '{}',
    ],
    [
      'a 304 as 200 {}',
      (ctx) => {
        ctx.status = 304
      },
      200,
      '{}',
    ],
    [
      'a null body as 200 {}',
      (ctx) => {
        ctx.body = null
      },
      200,
      '{}',
    ],
    [
      'an empty text as {}',
      (ctx) => {
        ctx.body = ''
      },
      200,
      '{}',
    ],
    [
      'an empty buffer as {}',
      (ctx) => {
        ctx.status = 201
        ctx.body = Buffer.alloc(0)
      },
      201,
      '{}',
    ],
    ['no answer as 404', () => undefined, 404, 'ERR_NOT_FOUND'],
    [
      'a long text',
      (ctx) => {
        ctx.body = 'é'.repeat(40_000)
      },
      200,
      'éé',
    ],
    [
      'a buffer',
      (ctx) => {
        ctx.body = Buffer.from('bytes')
      },
      200,
      'bytes',
    ],
    [
      'a typed array',
      (ctx) => {
        ctx.body = new Uint8Array([104, 105])
      },
      200,
      'hi',
    ],
    [
      'a stream',
      async (ctx) => {
        ctx.body = (await import('node:stream')).Readable.from(['a', 'b'])
      },
      200,
      'ab',
    ],
    [
      'an array',
      (ctx) => {
        ctx.body = [1, 'é']
      },
      200,
      '[1,"é"]',
    ],
  ]
  for (const [title, handle, status, body] of routes) {
    it(title, async () => {
      await using host = await startAuthHost(handle)
      const session = await openSession(host.origin, aliceKeyHex)
      const request = signRaw(session, {})
      const answer = await sendRaw(host.origin, request)
      expect(answer.status).to.equal(status)
      expect(answer.body).to.include(body).and.not.include('inside')
      expectSigned(answer, session, request)
      const viaStock = authFetch(bobKeyHex)
      if (status === 402 || status === 401) return
      expect((await viaStock.fetch(`${host.origin}/x`)).status).to.equal(status)
    })
  }

  it('signs the x-bsv headers of a route too', async () => {
    await using host = await startAuthHost((ctx) => {
      ctx.set({ 'x-bsv-b': '2', 'x-bsv-a': '1', authorization: 'x' })
      ctx.body = 'ok'
    })
    const response = await authFetch(aliceKeyHex).fetch(`${host.origin}/x`)
    expect(response.headers.get('x-bsv-a')).to.equal('1')
    expect(await response.text()).to.equal('ok')
  })

  it('answers HEAD without a body, signed as empty', async () => {
    await using host = await startAuthHost()
    const session = await openSession(host.origin, aliceKeyHex)
    const request = signRaw(session, { method: 'HEAD', headers: {} })
    const answer = await sendRaw(host.origin, request)
    expect([answer.status, answer.body]).to.deep.equal([200, ''])
    expectSigned(answer, session, request)
    expect((await authFetch(bobKeyHex).fetch(`${host.origin}/`, { method: 'HEAD' })).status).to.equal(200)
  })

  it('lets the host render errors itself', async () => {
    await using host = await startAuthHost(
      () => {
        throw new Error('odd')
      },
      {
        onError: (ctx, error) => {
          ctx.status = 418
          ctx.body = { was: (error as Error).message }
        },
      },
    )
    const session = await openSession(host.origin, aliceKeyHex)
    const request = signRaw(session, {})
    const answer = await sendRaw(host.origin, request)
    expect([answer.status, answer.body]).to.deep.equal([418, '{"was":"odd"}'])
    expectSigned(answer, session, request)
  })

  it('tells who was heard from, after the signature was verified', async () => {
    const heard: string[] = []
    await using host = await startAuthHost(undefined, { heardFrom: (identityKey) => heard.push(identityKey) })
    const session = await openSession(host.origin, aliceKeyHex)
    const forged = signRaw(session, { body: '{"a":1}', signed: { body: '{"a":2}' } })
    expectRefusal(await sendRaw(host.origin, forged))
    expect(heard).to.deep.equal([])
    await sendRaw(host.origin, signRaw(session, {}))
    expect(heard).to.deep.equal([alice])
  })
})
