import { createServer, type Server } from 'node:http'
import type { FeedPage } from '@overpost/core'
import { expect } from 'chai'
import { ChainFixture, tokenScript, tokenTransaction } from '../testing/chain-fixture.ts'
import { bobWallet, otherHostWallet } from '../testing/host-fixture.ts'
import { bind, unbind } from '../testing/scripted-peer.ts'
import { overlayFeed } from './overlay-feed.ts'

const never = new AbortController().signal
const cursor = { since: 7, log: 'l' }
const txid = 'ab'.repeat(32)

describe('overlayFeed', () => {
  let server: Server
  let origin: string
  let asked: string[]
  let answer: { status: number; body: string }
  beforeEach(async () => {
    asked = []
    server = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.writeHead(answer.status).end(answer.body)
    })
    origin = await bind(server)
  })
  afterEach(() => unbind(server))

  const read = (status: number, body: unknown, from: typeof cursor | null = cursor): Promise<FeedPage> => {
    answer = { status, body: typeof body === 'string' ? body : JSON.stringify(body) }
    return overlayFeed({ url: origin, fetch }, 'tm_phip').read(from, never)
  }
  const event = (kind: string, beef = '') => ({ n: 8, kind, txid, outputIndex: 0, beef })
  const page = (...events: object[]) => ({ events, next: 8, log: 'l' })

  it('asks where the log ends, and then for what comes after', async () => {
    await read(200, { ...page(), next: 7 }, null)
    await read(200, page(), cursor)
    expect(asked).to.deep.equal([
      '/events?topic=tm_phip&limit=100&since=last',
      '/events?topic=tm_phip&limit=100&since=7&log=l&wait=20',
    ])
  })

  it('tells which output an event is about, and its script where the event holds it', async () => {
    const script = await tokenScript(bobWallet, otherHostWallet)
    const transaction = new ChainFixture().mine(tokenTransaction(script))
    const beef = Buffer.from(transaction.toBEEF()).toString('base64')
    const admit = { ...event('admit', beef), txid: transaction.id('hex') }
    const found = await read(200, page(event('spend', beef), admit, event('evict', 'no beef'), event('of later')))
    if (found.kind !== 'news') expect.fail(found.kind)
    expect(found.cursor).to.deep.equal({ since: 8, log: 'l' })
    expect(found.news.map(({ kind, script: its }) => [kind, its === null ? null : 'script'])).to.deep.equal([
      ['spend', null],
      ['admit', 'script'],
      ['evict', null],
      ['of later', null],
    ])
    expect(found.news[1]?.script).to.deep.equal(script)
  })

  it('starts again when the log is another, and knows a node without a feed', async () => {
    expect(await read(400, { status: 'error', code: 'ERR_INVALID_CURSOR' })).to.deep.equal({ kind: 'start again' })
    expect(await read(200, { ...page(), log: 'another' })).to.deep.equal({ kind: 'start again' })
    expect(await read(404, '{}')).to.deep.equal({ kind: 'not offered' })
  })

  for (const [name, status, body] of [
    ['no JSON', 200, 'hello'],
    ['another form', 200, { events: 'none' }],
    ['numbers that go back', 200, { ...page(), next: 6 }],
    ['more events than asked for', 200, page(...Array.from({ length: 101 }, () => event('admit')))],
    ['a fault', 503, { status: 'error', code: 'ERR_UNAVAILABLE' }],
    ['more than it may hold', 200, ' '.repeat(13 * 1024 * 1024)],
  ] as const) {
    it(`fails for an answer of ${name}`, async () => {
      expect(await read(status, body).catch(() => 'failed')).to.equal('failed')
    })
  }
})
